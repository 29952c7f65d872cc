"""What the shop sells: shelves (the leaves of the category tree), things on them, and what they are made of."""

from typing import NamedTuple

SIZES = ("S", "M", "L", "XL")
COLOURS = ("Chalk", "Moss", "Rust", "Ink")
LENGTHS = ("Short", "Long")
PACKS = ("Single", "Pack of 3", "Pack of 6")
SETS = ("Single", "Set of 4")
ONE = ()


class Thing(NamedTuple):
    """Prices in euro without tax, between which the first variant's lies."""

    name: str
    low: int
    high: int
    grams: int
    variants: tuple[str, ...] = ONE


class Shelf(NamedTuple):
    slug: str
    name: str
    parent: str
    things: tuple[Thing, ...]
    materials: dict[str, str]
    uses: tuple[str, ...]
    reduced_tax: bool = False


PARENTS = {"kitchen": "Kitchen", "living": "Living", "everyday": "Everyday"}

_METALS_AND_CLAY = {
    "Cast Iron": "Cast iron holds its heat and gets better with every meal.",
    "Copper": "Hammered copper, tinned inside, that answers the flame at once.",
    "Stoneware": "Stoneware, glazed by hand and fired twice.",
    "Enamel": "Enamelled steel, chip-proof at the rim.",
    "Steel": "Brushed stainless steel that survives the dishwasher.",
    "Terracotta": "Unglazed terracotta from Umbrian clay.",
}
_WOODS = {
    "Oak": "Oiled oak from the Spessart that darkens with the years.",
    "Walnut": "Walnut, each board with a grain of its own.",
    "Ash": "Pale ash, steamed and bent.",
    "Beech": "Waxed beech with rounded edges.",
    "Cherry": "Cherry wood that turns amber in the sun.",
    "Bamboo": "Bamboo, light and fast to grow back.",
}
_FABRICS = {
    "Linen": "Washed linen, cool in summer and soft from the first day.",
    "Wool": "Wool of Shetland sheep, spun without dye.",
    "Cotton": "Organic cotton in a close weave.",
    "Hemp": "Hemp canvas, rough at first and nearly impossible to wear out.",
    "Merino": "Merino that is warm when it rains and doesn't scratch.",
    "Corduroy": "Wide-ribbed corduroy from a mill in Lancashire.",
}
_LEAVES = {
    "Assam": "A malty second flush from Assam.",
    "Darjeeling": "First flush from a single garden in Darjeeling.",
    "Ethiopian": "Sun-dried in Ethiopia: blueberry and jasmine.",
    "Peppermint": "Peppermint leaves, cut and dried within a day.",
    "Cocoa": "Cocoa of two estates in Ecuador.",
    "Hazelnut": "Hazelnuts from Piedmont, roasted in small drums.",
}
_PAPERS = {
    "Cotton Paper": "Cotton paper of 120 g that takes a fountain pen without bleeding.",
    "Recycled": "Recycled fibres, grey and proud of it.",
    "Ruled": "Ruled in pale blue, with a margin.",
    "Dotted": "A dotted grid that helps and doesn't shout.",
    "Leather": "Vegetable-tanned leather that ages well.",
    "Cloth": "Bound in cloth, sewn, and flat when open.",
}

SHELVES = (
    Shelf(
        *("cookware", "Cookware", "kitchen"),
        (
            Thing("Casserole", 49, 129, 4200, ("20 cm", "24 cm", "28 cm")),
            Thing("Frying Pan", 29, 89, 1600, ("24 cm", "28 cm")),
            Thing("Kettle", 35, 79, 1200),
            Thing("Saucepan", 25, 69, 1100),
            Thing("Baking Dish", 19, 45, 1500),
            Thing("Pestle and Mortar", 22, 39, 2400),
        ),
        _METALS_AND_CLAY,
        ("For slow stews and quick eggs", "Made for induction, gas and open fire", "Big enough for six at the table"),
    ),
    Shelf(
        *("tableware", "Tableware", "kitchen"),
        (
            Thing("Bowl", 9, 24, 450, SETS),
            Thing("Plate", 11, 26, 600, SETS),
            Thing("Mug", 9, 19, 350, COLOURS),
            Thing("Jug", 19, 42, 900),
            Thing("Salad Servers", 14, 29, 180),
            Thing("Teapot", 29, 69, 1000, COLOURS),
        ),
        _METALS_AND_CLAY | {"Porcelain": "Thin porcelain that lets the light through."},
        ("For breakfast in bed", "For soup, porridge and keys", "Stacks neatly in a small cupboard"),
    ),
    Shelf(
        *("pantry", "Pantry", "kitchen"),
        (
            Thing("Tea", 5, 14, 120, ("100 g", "250 g")),
            Thing("Chocolate", 3, 8, 100, PACKS),
            Thing("Granola", 5, 9, 500),
            Thing("Honey", 6, 13, 400),
            Thing("Biscuits", 4, 9, 200, PACKS),
            Thing("Syrup", 6, 12, 600),
        ),
        _LEAVES,
        ("A present that is always right", "For the afternoon slump", "Keeps for a year, if you let it"),
        reduced_tax=True,
    ),
    Shelf(
        *("furniture", "Furniture", "living"),
        (
            Thing("Stool", 69, 149, 4200),
            Thing("Chair", 129, 289, 6800, ("Natural", "Black")),
            Thing("Shelf", 49, 159, 5200, ("60 cm", "90 cm", "120 cm")),
            Thing("Side Table", 89, 219, 7400),
            Thing("Desk", 279, 590, 28000),
            Thing("Coat Rack", 39, 99, 2600),
        ),
        _WOODS,
        ("For narrow halls and big coats", "Put together in ten minutes, without tools", "Strong enough to stand on"),
    ),
    Shelf(
        *("lighting", "Lighting", "living"),
        (
            Thing("Lamp", 39, 139, 1800, COLOURS),
            Thing("Lantern", 19, 59, 900),
            Thing("Candle", 7, 24, 400, PACKS),
            Thing("Pendant", 59, 189, 2100),
            Thing("Reading Light", 45, 119, 1500, ("Clip", "Stand")),
        ),
        {
            "Brass": "Solid brass, unlacquered, so that it may tarnish.",
            "Glass": "Mouth-blown glass with a bubble here and there.",
            "Paper": "Washi paper on a bamboo frame.",
            "Beeswax": "Pure beeswax that smells of summer.",
            "Rattan": "Woven rattan that throws patterns on the wall.",
        },
        ("Warm light for long evenings", "Dims down to a glow", "For the corner where you read"),
    ),
    Shelf(
        *("textiles", "Textiles", "living"),
        (
            Thing("Blanket", 59, 179, 1400, COLOURS),
            Thing("Cushion", 19, 49, 500, COLOURS),
            Thing("Tea Towel", 7, 15, 90, PACKS),
            Thing("Curtain", 39, 99, 1300, LENGTHS),
            Thing("Rug", 79, 349, 4200, ("60 x 90", "120 x 180", "160 x 230")),
            Thing("Bed Linen", 69, 149, 1600, ("Single", "Double")),
        ),
        _FABRICS,
        ("For winter evenings", "Pre-washed, so it won't shrink again", "For a sofa shared with a dog"),
    ),
    Shelf(
        *("paper", "Paper and Pens", "everyday"),
        (
            Thing("Notebook", 6, 22, 300, ("A6", "A5", "A4")),
            Thing("Diary", 12, 29, 350),
            Thing("Sketchbook", 9, 26, 600, ("A5", "A4")),
            Thing("Letter Set", 8, 19, 250),
            Thing("Pencil Case", 12, 34, 120),
            Thing("Calendar", 14, 28, 500),
        ),
        _PAPERS,
        ("For lists, plans and bad poems", "Fits a coat pocket", "Opens flat on any desk"),
    ),
    Shelf(
        *("wear", "Clothes and Bags", "everyday"),
        (
            Thing("Jumper", 69, 159, 600, SIZES),
            Thing("Shirt", 49, 99, 300, SIZES),
            Thing("Jacket", 129, 289, 1200, SIZES),
            Thing("Scarf", 29, 79, 180, COLOURS),
            Thing("Backpack", 59, 149, 900, COLOURS),
            Thing("Tote", 15, 39, 250),
        ),
        _FABRICS,
        ("For cold mornings on the bicycle", "Cut wide, made to be mended", "For the market and the beach"),
    ),
    Shelf(
        *("garden", "Garden", "everyday"),
        (
            Thing("Trowel", 12, 29, 350),
            Thing("Watering Can", 25, 69, 1300, ("3 l", "8 l")),
            Thing("Planter", 19, 79, 3800, ("Small", "Large")),
            Thing("Bird House", 22, 49, 1100),
            Thing("Basket", 19, 49, 700),
            Thing("Bench", 189, 390, 19000),
        ),
        _WOODS | {"Willow": "Willow, cut in winter and woven wet.", "Zinc": "Galvanised zinc that no frost can crack."},
        ("For balconies and allotments alike", "Stays outside all year", "For children who dig"),
    ),
)

_COLLECTIONS = (
    "Alva Arne Birk Bodil Brume Cala Carlo Dagny Delft Edda Eike Elba Enzo Falk Fenja Fjell Freya Gala Gotland Greta "
    "Halla Hanno Heide Ilse Inga Jasper Jonna Juno Kaja Kalle Kivi Lago Levi Liv Lotte Lund Maren Milo Mira Moritz "
    "Nele Nils Nora Oda Odin Olea Otto Palma Pelle Pina Quinn Ragna Rika Rune Salla Selma Signe Sky Smilla Sol Stine "
    "Svea Tilda Tove Ulla Una Vega Vilma Wanda Yrsa Ylvi Zita"
)
COLLECTIONS = tuple(_COLLECTIONS.split())
WORKSHOPS = (
    *("a family workshop in Porto", "a cooperative in Ghent", "two sisters in Tartu", "a pottery on the Wadden Sea"),
    *("a mill in the Ore Mountains", "a small factory near Turin", "a social enterprise in Leipzig"),
    *("the last maker of its kind in Solingen", "a studio in Malmö", "an old manufactory in Meissen"),
)
PROMISES = (
    "We repair it for as long as you own it.",
    "Comes in plain cardboard, without plastic.",
    "No two are quite alike.",
    "A classic of our house since the first catalogue.",
    "Sold out every December.",
    "Designed to be taken apart and recycled.",
)
