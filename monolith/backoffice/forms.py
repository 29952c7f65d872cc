"""What an action asks for before it acts."""

from django import forms

from monolith.money import CENT


class Reason(forms.Form):
    reason = forms.CharField(max_length=200, help_text="Kept with the row, and told to whoever it concerns.")


class Amount(forms.Form):
    amount = forms.DecimalField(
        max_digits=12, decimal_places=2, min_value=CENT, required=False, help_text="Empty: all that is left."
    )
