"""Names and addresses. Most live in Germany, where the shop is; some so far away that no tax is due."""

from random import Random
from typing import NamedTuple

_FIRST_NAMES = """
    Ada Aisha Alan Anita Annie Barbara Carol Claude Dorothy Donald Edsger Elena Emmy Evelyn Fatima Frances Fritz Grace
    Hedy Henri Ida Ingrid Ivan Jana Jean Joan John Jürgen Karen Katherine Ken Konrad Leslie Lise Ludwig Mae Margaret
    Maria Mary Mehmet Niklaus Noor Olga Peter Radia Robin Rózsa Shafi Sofia Sophie Tim Tony Vint Yuki Zoë
"""
_LAST_NAMES = """
    Allen Babbage Backus Bartik Boole Böhm Cerf Clarke Conway Dahl Dijkstra Easley Euler Floyd Goldberg Gödel Hamilton
    Hoare Holberton Hopper Hypatia Jackson Johnson Kahan Kay Knuth Kowalska Lamarr Lamport Liskov Lovelace McCarthy
    Meitner Milner Naur Noether Nygaard Perlman Péter Ritchie Rossi Shannon Spärck Tarjan Thompson Torvalds Turing
    Vaughan Wirth Zuse
"""
FIRST_NAMES, LAST_NAMES = tuple(_FIRST_NAMES.split()), tuple(_LAST_NAMES.split())


class Place(NamedTuple):
    postal_code: str
    city: str


class Country(NamedTuple):
    code: str
    share: int
    dialling_code: str
    streets: tuple[str, ...]
    places: tuple[Place, ...]


def _places(text: str) -> tuple[Place, ...]:
    """`10115 Berlin, 1010 AB Amsterdam`: the last word is the city, with underscores for blanks in it."""
    parts = (part.strip().rpartition(" ") for part in text.split(","))
    return tuple(Place(code, city.replace("_", " ")) for code, _, city in parts)


COUNTRIES = (
    Country(
        *("DE", 70, "49", ("Hauptstr.", "Gartenweg", "Lindenallee", "Bahnhofstr.", "Am Markt", "Schillerstr.")),
        _places(
            "10115 Berlin, 10999 Berlin, 20095 Hamburg, 22765 Hamburg, 28195 Bremen, 30159 Hannover, 04109 Leipzig, "
            "01067 Dresden, 50667 Köln, 40213 Düsseldorf, 60311 Frankfurt_am_Main, 70173 Stuttgart, 80331 München, "
            "90402 Nürnberg, 79098 Freiburg, 24103 Kiel"
        ),
    ),
    Country(
        "AT", 8, "43", ("Mariahilfer Str.", "Ring"), _places("1010 Wien, 8010 Graz, 5020 Salzburg, 6020 Innsbruck")
    ),
    Country("FR", 6, "33", ("Rue de la Paix", "Avenue Foch"), _places("75011 Paris, 69001 Lyon, 67000 Strasbourg")),
    Country("NL", 5, "31", ("Prinsengracht", "Kerkstraat"), _places("1012 AB Amsterdam, 3511 LX Utrecht")),
    Country("ES", 3, "34", ("Calle Mayor", "Gran Vía"), _places("28013 Madrid, 08002 Barcelona, 41001 Sevilla")),
    Country("IT", 3, "39", ("Via Roma", "Corso Italia"), _places("20121 Milano, 00184 Roma, 10121 Torino")),
    Country("PL", 2, "48", ("ul. Długa", "ul. Polna"), _places("00-001 Warszawa, 31-001 Kraków")),
    Country(
        "GB", 2, "44", ("High Street", "Mill Lane"), _places("SW1Y 4JH London, EH1 1YZ Edinburgh, M1 1AE Manchester")
    ),
    Country("US", 1, "1", ("Main Street", "Elm Street"), _places("10003 New_York, 97205 Portland")),
)
_SHARES = tuple(country.share for country in COUNTRIES)


def name(dice: Random) -> str:
    return f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"


def country(dice: Random) -> Country:
    return dice.choices(COUNTRIES, _SHARES)[0]


def phone(dice: Random, home: Country) -> str:
    return f"+{home.dialling_code} {dice.randint(150, 179)} {dice.randint(1_000_000, 9_999_999)}"


def street(dice: Random, home: Country) -> str:
    return f"{dice.choice(home.streets)} {dice.randint(1, 120)}"
