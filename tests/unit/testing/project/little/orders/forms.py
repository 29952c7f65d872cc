from django import forms

from little.orders.models import Order


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["number"]
