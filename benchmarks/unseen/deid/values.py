"""Makers of identifier values: places, hospitals, employers, numbers, addresses, file names."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from people import Person, fold, split_list

DATA = Path(__file__).resolve().parent / "data"
NB_HYPHEN, EN_DASH, NBSP = "\u2011", "\u2013", "\u00a0"
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
RECORD_SHAPES: dict[str, list[str]] = {
    "num": ["#####", "######", "#######", "########", "###-####", "### ###", "0#####", "##-#####"],
    "unit": ["G##1 ### ### ### @", "W#### ## ######", "=W###########", "B##-#####"],
    "plate": ["@@ ## @@ ####", "@@## @@@", "@@@-###", "KA 0# @ ####", "@@@ ### GP", "##-@@@"],
    "sn": ["@@######@", "############", "@@@######", "PN-#####-@"],
    "npi": ["1#########"],
    "dea": ["@@#######", "B@#######"],
    "claim": ["CLM-####-######", "WC##-#####", "@@/##/#####", "I!N-#######/0#", "0######@", "##########"],
    "acc": ["CT##-######", "MR#########", "S-##-#####", "XR.##.#######", "S##-#####", "########"],
    "prov": ["######@@", "######1@", "#######@"],
}
NATIONAL_SHAPES: dict[str, list[str]] = {
    "pps": ["#######@", "#######@@", "####### @", "#######@ @"],
    "nhi": ["@@@####", "@@@##@@", "@@@ ####"],
    "ssn": ["###-##-####", "#########", "### ## ####", "xxx-xx-####"],
    "aad": ["#### #### ####", "############", "####-####-####", "xxxx xxxx ####"],
    "ca": ["####-###-###-@@", "#### ### ### @@", "##########@@", "9### ### ###", "@@@@ #### ####", "#####-####"],
    "aum": ["N### ##### #", "N#########/#", "N######### #", "N### ##### # / 2"],
    "nhs": ["### ### ####", "##########", "###-###-####"],
    "sa": ["######5###08#", "###### #### 08 #", "##########08#"],
    "dva": ["@@@@####", "@@@####", "@@######@"],
}

KIND_TYPE: dict[str, str] = {
    "name_patient": "NAME",
    "name_clinician": "NAME",
    "name_relative": "NAME",
    "name_bare": "NAME",
    "name_initials": "NAME",
    "name_in_file": "NAME",
    "date_full": "DATE",
    "date_partial": "DATE",
    "date_range": "DATE",
    "date_odd": "DATE",
    "age90": "AGE90",
    "phone": "CONTACT",
    "email_url_handle": "CONTACT",
    "id_record": "ID",
    "id_national": "ID",
    "street": "LOCATION",
    "town": "LOCATION",
    "postcode": "LOCATION",
    "hospital": "HOSPITAL",
    "employer": "ORG",
    # Never an identifier by themselves; marked optional.
    "region": "LOCATION",
    "weekday": "DATE",
    "year": "DATE",
    "month": "DATE",
    # Marked, not counted against the floor.
    "org_other": "ORG",
}
OPTIONAL_KINDS = {"region", "weekday", "year", "month"}
REQUIRED_KINDS = [kind for kind in KIND_TYPE if kind not in OPTIONAL_KINDS and kind != "org_other"]


@dataclass(frozen=True)
class Piece:
    """A stretch of text and, when it is an identifier, its kind."""

    text: str
    kind: str = ""

    @property
    def optional(self) -> bool:
        """Whether marking it is a matter of taste."""
        return self.kind in OPTIONAL_KINDS


def load_toml(name: str, folder: Path = DATA) -> dict[str, Any]:
    """Reads one TOML data file.

    Args:
        name: The file's name.
        folder: The folder of data files.

    Returns:
        The parsed table.
    """
    with (folder / name).open("rb") as handle:
        return tomllib.load(handle)


def fill_pattern(pattern: str, rng: random.Random) -> str:
    """Fills a number pattern.

    Args:
        pattern: Text with # (digit), N or ^ (digit 2-9) and @ (capital); "!" keeps the next character.
        rng: Source of chance.

    Returns:
        The filled text.
    """
    out: list[str] = []
    keep = False
    for mark in pattern:
        if keep:
            out.append(mark)
            keep = False
        elif mark == "!":
            keep = True
        elif mark == "#":
            out.append(rng.choice("0123456789"))
        elif mark == "N":
            out.append(rng.choice("23456789"))
        elif mark == "@":
            out.append(rng.choice(LETTERS))
        else:
            out.append(mark)
    return "".join(out)


def nbsp_sometimes(text: str, rng: random.Random, chance: float = 0.05) -> str:
    """Swaps ordinary spaces for no-break ones now and then."""
    return text.replace(" ", NBSP) if rng.random() < chance else text


class World:
    """All places, organisations and number patterns."""

    def __init__(self) -> None:
        """Loads the data files."""
        self.places = load_toml("places.toml")
        self.contacts = load_toml("contacts.toml")
        orgs = load_toml("organisations.toml")
        self.hospital = {key: split_list(value) for key, value in orgs["hospital"].items()}
        self.employer = {key: split_list(value) for key, value in orgs["employer"].items()}
        self.towns = {
            loc: [tuple(item.split(";", 1)) for item in split_list(rows["towns"])] for loc, rows in self.places.items()
        }

    # Places -----------------------------------------------------------------------------------------------------

    def town(self, locale: str, rng: random.Random, world: float = 0.0) -> tuple[str, str]:
        """Draws a town and its region.

        Args:
            locale: Note locale.
            rng: Source of chance.
            world: Chance of a town from anywhere.

        Returns:
            Town and region; the region may be empty.
        """
        key = "WORLD" if rng.random() < world else locale
        name, region = rng.choice(self.towns[key])
        return name, region

    def street(self, locale: str, rng: random.Random) -> str:
        """Writes a street address without town.

        Args:
            locale: Note locale.
            rng: Source of chance.

        Returns:
            The address line.
        """
        if locale == "WORLD" or rng.random() < 0.06:
            return fill_pattern(rng.choice(split_list(self.places["WORLD"]["addresses"])), rng)
        rows = self.places[locale]
        stem, kind = rng.choice(split_list(rows["streets"])), rng.choice(split_list(rows["types"]))
        number = rng.choice([rng.randint(1, 99), rng.randint(1, 240)])
        letter = rng.choice(["", "", "", "a", "B"])
        house = rng.choice(
            [
                "Rose Cottage",
                "The Old Forge",
                "Tigh na Mara",
                "Hillview",
                "Ty Gwyn",
                "Fuchsia Cottage",
                "The Bungalow",
                "Dunroamin",
            ]
        )
        if locale == "US":
            big = rng.choice([rng.randint(100, 9999), rng.randint(1000, 19999)])
            way = rng.choice(["", "", "N ", "W ", "SE ", "E. "])
            tail = rng.choice(["", "", "", " Apt 4B", " #12", ", Unit 3", " Lot 17", " Apt. 209"])
            return rng.choice(
                [f"{big} {way}{stem} {kind}{tail}"] * 8
                + [f"PO Box {number}", f"{big} County Rd {rng.randint(2, 99)}", f"RR {rng.randint(1, 6)} Box {number}"]
            )
        if locale == "CA":
            line = f"{rng.randint(10, 4999)} {stem}" + (
                "" if stem.startswith(("rue", "chemin", "boul", "Conc")) else f" {kind}"
            )
            return rng.choice(
                [
                    f"{rng.randint(101, 1805)}-{line}",
                    line,
                    line,
                    line,
                    f"RR {rng.randint(1, 6)}, Site {rng.randint(2, 30)}",
                ]
            )
        if locale == "IN":
            return rng.choice(
                [
                    f"{rng.randint(2, 199)}, {stem} {kind}",
                    f"Flat {rng.randint(101, 905)}, Sai Residency, {stem} {kind}",
                    f"H.No. {rng.randint(1, 9)}-{rng.randint(1, 20)}-{rng.randint(11, 99)}/A, {stem} Colony",
                    f"No. {number}, {rng.choice(['2nd', '3rd', '5th', '11th'])} Cross, {stem} Nagar",
                    f"Door No {rng.randint(1, 60)}/{rng.randint(100, 999)}, {stem} Street",
                    f"D-{number}, Sector {rng.randint(2, 60)}",
                    f"#{rng.randint(100, 2400)}, {stem} {kind}",
                ]
            )
        if locale == "AU":
            return rng.choice(
                [
                    f"{number}{letter} {stem} {kind}",
                    f"{number} {stem} {kind}",
                    f"Unit {rng.randint(1, 9)}/{number} {stem} {kind}",
                    f"{rng.randint(1, 12)}/{number} {stem} {kind}",
                    f"Lot {rng.randint(2, 60)} {stem} Rd",
                    f"RMB {rng.randint(1000, 4999)} {stem} Rd",
                ]
            )
        return rng.choice(
            [
                f"{number}{letter} {stem} {kind}",
                f"{number} {stem} {kind}",
                f"{number} {stem} {kind}",
                f"Flat {rng.randint(1, 30)}, {number} {stem} {kind}",
                f"{house}, {stem} {kind}",
                f"{rng.randint(1, 60)} {stem} {kind}",
                f"Apt {rng.randint(1, 40)}, {stem} Court",
            ]
        )

    def postcode(self, locale: str, rng: random.Random) -> str:
        """Writes a postcode in the locale's form."""
        return fill_pattern(rng.choice(split_list(self.places[locale]["postcodes"])), rng)

    def region(self, locale: str, rng: random.Random) -> str:
        """Draws a state, county or country."""
        return rng.choice(split_list(self.places[locale]["regions"]))

    def address(self, locale: str, rng: random.Random) -> list[Piece]:
        """Writes street, town and postcode as one line.

        Args:
            locale: Note locale.
            rng: Source of chance.

        Returns:
            The pieces.
        """
        town, region = self.town(locale, rng)
        street, code = (
            Piece(self.street(locale, rng), "street"),
            Piece(nbsp_sometimes(self.postcode(locale, rng), rng), "postcode"),
        )
        out = [street, Piece(", "), Piece(town, "town")]
        if region and (locale in ("US", "CA", "AU") or rng.random() < 0.7):
            out += [Piece(" " if locale == "AU" else ", "), Piece(region, "region")]
        if locale != "ZA" or rng.random() < 0.7:
            gap = {"US": " ", "AU": " ", "CA": " ", "IN": " - ", "NZ": " "}.get(locale, rng.choice([", ", " "]))
            out += [Piece(gap), code]
        return out

    # Organisations ----------------------------------------------------------------------------------------------

    def hospital_name(self, locale: str, rng: random.Random) -> str:
        """Writes a hospital name fit for the locale.

        Args:
            locale: Note locale.
            rng: Source of chance.

        Returns:
            The name.
        """
        bank = self.hospital
        pick = {key: rng.choice(bank[key]) for key in bank}
        town = self.town(locale, rng)[0]
        saint = pick["saints"]
        possessive = saint if saint.startswith("SS") else f"{saint}'s"
        short = [pick["brands"], pick["brands"], pick["acronyms"], possessive, possessive]
        generic = pick["generic"].split("|")[-1]
        table: dict[str, list[str]] = {
            "UK": [
                f"{possessive} Hospital",
                f"{town} General Hospital",
                f"Royal {town} Infirmary",
                f"{pick['royals']} Hospital",
                f"{town} and District",
                f"{town} Community Hospital",
                f"{pick['directions']} {town} Hospital",
                f"{pick['valleys']} Valley NHS Trust",
                f"{town} DGH",
                f"{possessive} Hospice",
            ],
            "IE": [
                f"{possessive} Hospital",
                f"{town} University Hospital",
                f"Our Lady of {pick['brands']} Hospital",
                f"{town} General",
                f"Bon Pastor Hospital, {town}",
                f"{pick['features']} Private Clinic",
                f"UH {town}",
            ],
            "US": [
                f"{saint} Medical Center",
                f"{pick['valleys']} Valley Hospital",
                f"{pick['directions']} {pick['features']} Regional Medical Center",
                f"{town} Memorial Hospital",
                f"{pick['brands']} Health",
                f"{pick['features']} Medical Center",
                f"{pick['valleys']} Valley Regional",
                f"{town} VA",
                f"{pick['directions']} {town} Surgical Center",
                f"{pick['brands']} Children's Hospital",
                f"{town} Rehab Institute",
            ],
            "CA": [
                f"Hôpital {saint.replace('St ', 'Saint-').replace('St. ', 'Saint-').replace('Saint ', 'Saint-')}",
                f"{town} General Hospital",
                f"{pick['features']} Health Sciences Centre",
                f"{pick['royals']} Hospital",
                f"{town} District Health Centre",
                f"CHU {town}",
                f"{possessive} Hospital",
            ],
            "AU": [
                f"{town} Base Hospital",
                f"{town} District Hospital",
                f"Royal {town} Hospital",
                f"{pick['brands']} Private",
                f"{town} MPS",
                f"{possessive} Private Hospital",
                f"{pick['royals']} Hospital",
                f"{pick['directions']} {town} Health",
            ],
            "NZ": [
                f"{town} Hospital",
                f"{town} Base",
                f"{pick['features']} Southern Cross",
                f"Te Whare Hauora o {town}",
                f"{possessive} Hospital",
            ],
            "IN": [
                f"{pick['deities']} Hospital",
                f"{pick['in_brands']} Multispeciality Hospital",
                f"Govt. District Hospital, {town}",
                f"{pick['in_brands']} Nursing Home",
                f"{town} Medical College Hospital",
                f"{pick['in_brands']} Hospitals, {town}",
                f"{pick['in_brands']}",
                f"Taluk Hospital {town}",
                f"{pick['in_brands']} Superspeciality Centre",
                f"{pick['deities']} Institute of Medical Sciences",
            ],
            "ZA": [
                f"{town} Provincial Hospital",
                f"{possessive} Mission Hospital",
                f"{pick['brands']} Mediclinic",
                f"{town} CHC",
                f"Chief {rng.choice(['Mokoena', 'Sekhukhune', 'Dinuzulu'])} Hospital",
            ],
        }
        options = table.get(locale, table["UK"])
        chance = rng.random()
        if chance < 0.17:
            return rng.choice(short)
        if chance < 0.27:
            return generic
        return rng.choice(options)

    def ward(self, rng: random.Random) -> tuple[str, str]:
        """Draws a ward or unit named after a person.

        Args:
            rng: Source of chance.

        Returns:
            A lead-in outside the span ("the " or nothing) and the name.
        """
        text = rng.choice(self.hospital["ward_forms"]).replace("{p}", rng.choice(self.hospital["ward_people"]))
        return ("the ", text[4:]) if text.startswith("the ") else ("", text)

    def employer_name(self, which: str, rng: random.Random) -> tuple[str, str]:
        """Draws an employer, school, ship or unit.

        Args:
            which: "firm", "school", "ship", "unit" or "" for any.
            rng: Source of chance.

        Returns:
            A lead-in outside the span ("the " or nothing) and the name.
        """
        key = {
            "firm": "firms",
            "school": "schools",
            "ship": "ships",
            "unit": "units",
            "pharm": "pharmacies",
            "other": "others",
            "club": "clubs",
        }.get(which)
        key = key or rng.choices(["firms", "schools", "ships", "units"], [6, 2, 1, 1])[0]
        text = rng.choice(self.employer[key])
        lead, _, bare = text.partition("|")
        return ("the ", bare) if bare else ("", lead)

    # Numbers ----------------------------------------------------------------------------------------------------

    def phone(self, locale: str, rng: random.Random) -> str:
        """Writes a phone number.

        Args:
            locale: Note locale.
            rng: Source of chance.

        Returns:
            The number.
        """
        key = "WORLD" if rng.random() < 0.18 else locale
        text = fill_pattern(rng.choice(self.contacts["phone"][key]), rng)
        if "-" in text and rng.random() < 0.22:
            text = text.replace("-", rng.choice([NB_HYPHEN, EN_DASH]))
        return nbsp_sometimes(text, rng, 0.07)

    def extension(self, rng: random.Random) -> str:
        """Writes an extension or pager number."""
        return fill_pattern(rng.choice(self.contacts["phone"]["ext"]), rng)

    def record_id(self, rng: random.Random, which: str = "") -> tuple[str, str]:
        """Draws a record number with its label.

        Args:
            rng: Source of chance.
            which: "mrn" for a chart number, "part" for a fragment, "count" for counting digits, "" for any.

        Returns:
            Label and value.
        """
        bank = self.contacts["id_record"]
        if which in RECORD_SHAPES:
            return "", fill_pattern(rng.choice(RECORD_SHAPES[which]), rng)
        if which == "part" or (which == "label" and rng.random() < 0.12):
            rows = bank["partial"]
        elif which == "count" or (which in ("", "label") and rng.random() < 0.1):
            rows = bank["counting"]
        else:
            rows = bank["values"]
        if which == "mrn":
            rows = [
                row
                for row in rows
                if row.split(";")[0].strip(":.# ").lower()
                in ("mrn", "hosp no", "hospital number", "hosp. no", "ur", "ur no", "umrn", "urn", "mr", "chart no")
            ]
        label, pattern = rng.choice(rows).split(";", 1)
        return label, fill_pattern(pattern, rng)

    def national_id(self, locale: str, rng: random.Random, world: float = 0.2, which: str = "") -> tuple[str, str]:
        """Draws a national number with its label.

        Args:
            locale: Note locale.
            rng: Source of chance.
            world: Chance of another country's number.
            which: A key of NATIONAL_SHAPES, or "" for any number of the locale.

        Returns:
            Label and value.
        """
        if which:
            return "", fill_pattern(rng.choice(NATIONAL_SHAPES[which]), rng)
        key = "WORLD" if rng.random() < world else locale
        label, pattern = rng.choice(self.contacts["id_national"][key]).split(";", 1)
        value = fill_pattern(pattern, rng)
        return label, nbsp_sometimes(value, rng, 0.06)

    # Names in machines --------------------------------------------------------------------------------------------

    def username(self, person: Person, rng: random.Random) -> str:
        """Makes a login name.

        Args:
            person: Whose login it is.
            rng: Source of chance.

        Returns:
            The login name.
        """
        given, surname = fold(person.given), fold(person.surname)
        first = (given or "x")[0]
        return rng.choice(
            [
                f"{surname[:7]}{first}".lower(),
                f"{first}.{surname}".lower(),
                f"{first}{surname}{rng.randint(1, 9)}".lower(),
                f"{surname}{first}".upper(),
                f"{given}.{surname}".lower(),
                f"{given}_{surname}".lower(),
                f"{first}{surname[:6]}".upper(),
            ]
        )

    def email(self, person: Person, rng: random.Random, which: str = "") -> str:
        """Makes an e-mail address, link or handle from a person's name.

        Args:
            person: Whose it is.
            rng: Source of chance.
            which: "mail", "web", "handle" or "" for any.

        Returns:
            The address.
        """
        net = self.contacts["internet"]
        given, surname = fold(person.given).lower(), fold(person.surname).lower()
        user = rng.choice(
            [
                f"{given}.{surname}",
                f"{given}{rng.randint(2, 99)}",
                f"{given[0]}{surname}",
                f"{surname}_{given[0]}",
                f"{given}-{surname}",
                f"{surname}{rng.randint(50, 99)}",
            ]
        )
        domain = rng.choice([*net["domains"], *net["orgs"]])
        which = which or rng.choices(["mail", "web", "handle"], [58, 20, 22])[0]
        if which == "mail":
            return f"{user}@{domain}"
        if which == "web":
            token = "".join(rng.choice("abcdefghkmnpqrstuvwxyz23456789") for _ in range(7))
            return rng.choice(net["paths"]).format(
                org=rng.choice(net["orgs"]), dom=domain, usr=user, tok=token, num=rng.randint(10000, 999999)
            )
        return fill_pattern(rng.choice(net["handles"]), rng).format(usr=user, dom=domain)

    def file_name(self, person: Person, glued_date: str, rng: random.Random) -> list[Piece]:
        """Makes a file name that carries a person's name.

        Args:
            person: Whose file it is.
            glued_date: A date fit for a file name.
            rng: Source of chance.

        Returns:
            The pieces; the name part is marked.
        """
        given, surname = fold(person.given), fold(person.surname)
        first = given[0]
        name = rng.choice(
            [
                f"{surname}_{given}",
                f"{surname}",
                f"{surname.lower()}_{first.lower()}",
                f"{first}{surname}",
                f"{surname.upper()}",
                f"{given}-{surname}",
                f"{given}{surname}",
                f"{surname.lower()}",
                f"{given}_{surname}",
                f"{surname.upper()}_{given.upper()}",
                f"{given.lower()}",
            ]
        )
        before, after = rng.choice(
            [
                ("", "_MRI_knee.pdf"),
                ("IMG_", "_0231.dcm"),
                ("scan-", ".jpg"),
                ("", "CTchest.zip"),
                ("consent (", ").docx"),
                ("/share/ortho/", "/post-op.xlsx"),
                ("voicememo-", ".m4a"),
                ("", "_ECG.tiff"),
                ("S:\\clinic\\", "\\audiogram v2.pdf"),
                ("wound_", "_L_heel.png"),
                ("Referral - ", " - FINAL.doc"),
                ("", ".eeg"),
                ("dictation_", "_3.wav"),
                ("~/uploads/", "/foot.heic"),
                ("OPG_", ".tif"),
                ("bloods-", "-v1.csv"),
                ("", "_echo.avi"),
                ("holter ", ".edf"),
                ("fax_", "_p1of4.tif"),
                ("careplan[", "].pdf"),
            ]
        )
        out = [Piece(before), Piece(name, "name_in_file")]
        if "." in after and before[-1:] not in "([" and rng.random() < 0.28:
            stem, dot, end = after.rpartition(".")
            return [*out, Piece(stem + "_"), Piece(glued_date, "date_odd"), Piece(dot + end)]
        return [*out, Piece(after)]
