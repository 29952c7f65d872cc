"""Live changes of items: each locks the item first, and publishes last."""

from __future__ import annotations

from django.db import transaction

from strangler.outbox import publish
from tests.sample.events import ItemChanged, ItemRemoved
from tests.sample.models import Item, Part


def changed(item: Item) -> ItemChanged:
    return ItemChanged(item=item.number, value=item.value, parts=tuple(sorted(p.value for p in item.parts.all())))


@transaction.atomic
def set_value(number: str, value: int) -> None:
    item = Item.objects.select_for_update().get(number=number)
    item.value = value
    item.save()
    publish(changed(item))


@transaction.atomic
def add_part(number: str, value: int) -> None:
    item = Item.objects.select_for_update().get(number=number)
    Part.objects.create(item=item, value=value)
    publish(changed(item))


@transaction.atomic
def remove(number: str) -> None:
    Item.objects.select_for_update().get(number=number).delete()
    publish(ItemRemoved(item=number))


@transaction.atomic
def add(number: str, value: int) -> None:
    publish(changed(Item.objects.create(number=number, value=value)))


def add_in_silence(count: int, *, parts: int = 0) -> list[Item]:
    """As rows are that were there before anybody published."""
    items = Item.objects.bulk_create(Item(number=f"i{number}", value=number) for number in range(count))
    Part.objects.bulk_create(Part(item=item, value=value) for item in items for value in range(parts))
    return items
