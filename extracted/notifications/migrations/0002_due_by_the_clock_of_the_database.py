from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [migrations.AlterField("email", "due_at", models.DateTimeField(db_default=Now()))]
