from django.contrib import admin

from little.orders.models import Note, Order


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    pass


admin.site.register(Note)
