"""Invented people: their names in many forms, their numbers, and that none of it can reach anybody."""

import re
from datetime import datetime
from ipaddress import ip_address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.synthetic.people import Person, load_stock

STOCK = load_stock()
ADA = Person("Ada", "Lovelace-Byron", "K", datetime(1815, 12, 10), 42, "seed")
SEEDS = st.integers(0, 10_000)
DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def forms(form: str) -> set[str]:
    return {ADA.in_form(Random(seed), form) for seed in range(300)}  # type: ignore[arg-type]


def test_a_surname_stands_alone_or_in_capitals() -> None:
    assert forms("last") == {"Lovelace-Byron", "LOVELACE-BYRON"}


def test_full_names_come_with_initials_and_in_capitals() -> None:
    expected = {"Ada Lovelace-Byron", "Ada K. Lovelace-Byron", "A. Lovelace-Byron", "A.K. Lovelace-Byron"}
    assert expected <= forms("full")
    assert {name.upper() for name in forms("full")} == {name.upper() for name in expected}


def test_listed_names_put_the_surname_first() -> None:
    assert all(name.upper().startswith("LOVELACE-BYRON,") for name in forms("listed"))
    assert {"Lovelace-Byron, Ada", "LOVELACE-BYRON,ADA", "Lovelace-Byron, Ada K."} <= forms("listed")


def test_initials_come_in_four_forms() -> None:
    assert {ADA.initials(Random(seed)) for seed in range(200)} == {"AL", "A.L.", "AKL", "A.K.L."}


def test_a_persons_numbers_do_not_change_and_differ_between_people() -> None:
    other = Person("Ada", "Lovelace-Byron", "K", datetime(1815, 12, 10), 42, "another seed")
    for name in ("ssn", "mrn", "plan", "account", "zip"):
        assert ADA.number(name) == ADA.number(name)
        assert ADA.number(name) != other.number(name)


def test_relatives_keep_their_names_and_fit_the_kinship_word() -> None:
    assert ADA.relative("wife", STOCK) == ADA.relative("wife", STOCK)
    for seed in range(60):
        person = Person("A", "B", "C", datetime.min, 1, str(seed))
        assert person.relative("wife", STOCK) in STOCK.female
        assert person.relative("daughter", STOCK) in STOCK.female
        assert person.relative("son", STOCK) in STOCK.male
        assert person.relative("cousin", STOCK) in STOCK.first_names


@pytest.mark.parametrize(("sex", "names"), [("F", STOCK.female), ("M", STOCK.male)])
def test_a_person_is_named_after_their_sex(sex: str, names: tuple[str, ...]) -> None:
    rng = Random(0)
    assert all(STOCK.person(rng, sex).first in names for _ in range(200))


def test_some_surnames_are_double() -> None:
    rng = Random(0)
    double = sum(STOCK.person(rng).last not in STOCK.surnames for _ in range(2000))
    assert 60 < double < 200


@given(SEEDS)
def test_social_security_numbers_were_never_issued(seed: int) -> None:
    number = re.sub(r"\D", "", STOCK.number(Random(seed), "ssn"))
    assert len(number) == 9
    assert number[0] == "9"


@given(SEEDS)
def test_phone_numbers_use_the_exchange_that_nobody_has(seed: int) -> None:
    assert re.fullmatch(r"(1-)?\(?\d{3}\)?[-. ]?555[-. ]\d{4}", STOCK.phone(Random(seed)))


@given(SEEDS)
def test_mail_and_web_addresses_lie_in_domains_kept_for_examples(seed: int) -> None:
    rng = Random(seed)
    person = STOCK.person(rng)
    name, _, host = STOCK.email(rng, person).partition("@")
    assert re.fullmatch(r"[a-z0-9._]+", name)
    assert re.search(r"(^|\.)example\.(org|com|net|edu)$", host)
    assert re.fullmatch(r"(https?://)?[a-z.]*example\.(org|com|net)/\S+\d+", STOCK.url(rng))


@given(SEEDS)
def test_network_addresses_lie_in_the_ranges_kept_for_documentation(seed: int) -> None:
    address = ip_address(STOCK.ip(Random(seed)))
    assert any(address in net for net in DOCUMENTATION)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("zip", r"\d{5}(-\d{4})?"),
        ("mrn", r"M?\d{3}-?\d{2,3}-?\d{1,2}|M?\d{7,8}"),
        ("plan", r"[A-Z]{0,3} ?[\d -]{9,16}"),
        ("account", r"[A-Z]?\d{4,10}(-\d{5})?"),
        ("licence", r"[A-Z]{0,2}\d{6,8}"),
        ("vin", r"[A-HJ-NPR-Z0-9]{17}"),
        ("plate", r"[A-Z0-9]{2,3}[- ]?[A-Z0-9]{3,5}"),
        ("device", r"[A-Z0-9-]{8,10}"),
        ("job", r"\d{6}|\d{8}|\d{2}-\d{5}"),
    ],
)
def test_numbers_have_the_shapes_of_their_kind(name: str, shape: str) -> None:
    for seed in range(200):
        assert re.fullmatch(shape, STOCK.number(Random(seed), name))


def test_an_unknown_kind_of_number_is_a_bug_that_shows() -> None:
    with pytest.raises(KeyError):
        STOCK.number(Random(0), "shoe size")


def test_hospitals_are_composed_of_saints_towns_and_families() -> None:
    names = {STOCK.hospital(Random(seed)) for seed in range(500)}
    assert len(names) > 400
    assert any(re.match(r"(St\.?|Saint) \S+'s ", name) for name in names)
    assert any(name.startswith(STOCK.towns) and name.endswith("Medical Center") for name in names)
    assert any(name in STOCK.hospitals for name in names)


def test_streets_have_a_number_a_name_and_sometimes_a_flat() -> None:
    streets = [STOCK.street(Random(seed)) for seed in range(300)]
    assert all(re.match(r"\d+ \S", street) for street in streets)
    flats = [street for street in streets if re.search(r"(Apt|Unit|#)", street)]
    assert 40 < len(flats) < 120


def test_employers_are_invented_houses_or_family_firms() -> None:
    names = {STOCK.employer(Random(seed)) for seed in range(300)}
    assert any(name in STOCK.employers for name in names)
    assert any(name.split()[0] in STOCK.surnames or " ".join(name.split()[:2]) in STOCK.surnames for name in names)
