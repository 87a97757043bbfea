"""Postal codes of the world, codes without a pattern of their own, and names of firms, hospitals and machines that no list has."""

# ruff: noqa: E501 - lists and patterns, read across
import random
import string
from collections.abc import Callable, Sequence

from grammar_text import Piece, of_part, sections
from people_names import Names

_AREAS = ["AB", "AL", "B", "BA", "BB", "BD", "BH", "BL", "BN", "BR", "BS", "BT", "CA", "CB", "CF", "CH", "CM", "CO", "CR", "CT", "CV", "CW", "DA", "DD", "DE", "DG", "DH", "DL", "DN", "DT", "DY", "E", "EC", "EH", "EN", "EX", "FK", "FY", "G", "GL", "GU", "HA", "HD", "HG", "HP", "HR", "HU", "HX", "IG", "IM", "IP", "IV", "JE", "KA", "KT", "KW", "KY", "L", "LA", "LD", "LE", "LL", "LN", "LS", "LU", "M", "ME", "MK", "ML", "N", "NE", "NG", "NN", "NP", "NR", "NW", "OL", "OX", "PA", "PE", "PH", "PL", "PO", "PR", "RG", "RH", "RM", "S", "SA", "SE", "SG", "SK", "SL", "SM", "SN", "SO", "SP", "SR", "SS", "ST", "SW", "SY", "TA", "TD", "TF", "TN", "TQ", "TR", "TS", "TW", "UB", "W", "WA", "WC", "WD", "WF", "WN", "WR", "WS", "WV", "YO", "ZE"]  # fmt: skip
_STATES = ["AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "PR"]  # fmt: skip
_INWARD = "ABDEFGHJLNPQRSTUWXYZ"
_CANADA = "ABCEGHJKLMNPRSTVXY"
_FRONTS = ["Al", "Ar", "Ax", "Bel", "Bex", "Bor", "Bri", "Cal", "Cam", "Cor", "Cre", "Dal", "Den", "Dor", "El", "Em", "En", "Ev", "Fal", "Fen", "Fir", "Gal", "Gen", "Glo", "Hal", "Hex", "Hol", "Il", "In", "Jas", "Kal", "Ken", "Kor", "Lan", "Lex", "Lor", "Lu", "Mag", "Mar", "Mel", "Mer", "Mon", "Nal", "Nex", "Nor", "Nov", "Ol", "Or", "Os", "Pal", "Par", "Per", "Pol", "Pri", "Quan", "Quen", "Rav", "Ren", "Ros", "Sal", "San", "Sel", "Sil", "Sol", "Syn", "Tal", "Tel", "Ter", "Thor", "Tri", "Ul", "Van", "Vel", "Ver", "Vi", "Wes", "Xan", "Yar", "Zen", "Zor", "Bright", "Clear", "Ever", "True", "North", "Blue", "Silver", "Green", "Oak", "Stone", "Iron", "Swift", "Fair", "Good", "Red", "West", "Gold", "Snow", "Cedar", "Harbor", "River"]  # fmt: skip
_BACKS = ["a", "aco", "ado", "ant", "ara", "aris", "atek", "axa", "den", "dex", "do", "ea", "ema", "enta", "era", "ero", "esta", "eva", "exa", "ia", "ica", "ico", "ida", "ien", "ifi", "igo", "ima", "in", "inax", "inex", "io", "ion", "ira", "is", "isys", "ita", "ium", "ix", "ode", "ola", "om", "on", "ona", "onix", "ora", "oro", "osa", "ova", "ovia", "ox", "tech", "tec", "tel", "tera", "tron", "ture", "va", "vance", "vant", "vera", "via", "vio", "vis", "vita", "xis", "xo", "ys", "zen", "path", "way", "point", "bridge", "field", "mark", "works", "line", "port", "wave", "leaf", "stone", "gate", "craft", "side", "wood", "well", "spring", "crest", "peak"]  # fmt: skip
_HOSTS = ["DESKTOP-@#@##@#", "LAPTOP-##@@#@@#", "WS-@@-####", "PC######", "@@@WKS####", "ED-COW-##", "@@@-PACS-##", "@@-LT-####", "srv-@@-##", "NURSE-STN-##@", "@@@PRT###", "ASSET ######", "iPad-@@##", "VDI-####-@", "KIOSK##-@@", "MODALITY_@@##", "AE_@@@##", "@@@DC##", "WOW-#@-##", "TABLET-###"]  # fmt: skip


class WorldForms:
    """Draws forms that no list gives; see `identifiers.Identifiers`.

    Args:
        rng: What decides.
        part: ``"train"`` or ``"aside"``.
        names: Where names come from.
        town: Draws a town.
    """

    def __init__(self, rng: random.Random, part: str, names: Names, town: Callable[[], str]) -> None:
        self._rng = rng
        self._names = names
        self._town = town
        listed = sections("contacts")
        self._codes = {key: of_part([p.strip().replace("_", " ") for line in listed[key] for p in line.split(",")], part)
                       for key in ("zip", "zipx", "zipfront")}  # fmt: skip
        self._fronts, self._backs = of_part(_FRONTS, part), of_part(_BACKS, part)
        self._hosts = of_part(_HOSTS, part)

    def slots(self) -> dict[str, Callable[[], list[Piece]]]:
        """Return what the slots of a template draw."""
        one: dict[str, tuple[Callable[[], str], str]] = {
            "zip": (self.code, "LOCATION"),
            "zipx": (self.mixed_code, "LOCATION"),
            "anyid": (self.number, "ID"),
            "host": (self.host, "ID"),
            "coined": (self.coined, "ORG"),
            "bareorg": (self.firm, "ORG"),
            "hshort": (self.short_hospital, "HOSPITAL"),
            "namedunit": (self.unit, "HOSPITAL"),
            "weburl": (self.address, "CONTACT"),
        }
        table: dict[str, Callable[[], list[Piece]]] = {
            slot: (lambda draw=draw, kind=kind: [(draw(), kind)]) for slot, (draw, kind) in one.items()
        }
        return table | {"ziptown": self.town_and_code, "ownpc": self.owned_machine, "path": self.path}

    def _fill(self, pattern: str) -> str:
        drawn: dict[str, Sequence[str]] = {
            "#": string.digits,
            "9": "23456789",
            "@": string.ascii_uppercase,
            "~": _CANADA,
        }
        return "".join(self._rng.choice(drawn[c]) if c in drawn else c for c in pattern)

    # Postal codes

    def british(self) -> str:
        """Return a postcode of the United Kingdom, written as people write it."""
        rng = self._rng
        area = rng.choice(_AREAS)
        digits = str(rng.randint(1, 9)) if rng.random() < 0.55 else str(rng.randint(10, 38))
        if area in ("E", "EC", "N", "NW", "SE", "SW", "W", "WC") and rng.random() < 0.4:
            digits = digits[0] + rng.choice("ABCEHNPRVWXY")
        inward = f"{rng.randint(0, 9)}{rng.choice(_INWARD)}{rng.choice(_INWARD)}"
        glue = rng.choice([" "] * 7 + ["", "", "  ", "-"])
        return area + digits + glue + inward

    def code(self) -> str:
        """Return a postal code of any country."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.2:
            code = self._fill(rng.choice(["#####", "#####", "#####", "#####-####", "##### ####"]))
        elif draw < 0.45:
            code = self.british()
        elif draw < 0.6:
            code = self._fill(rng.choice(["~#@ #@#", "~#@ #@#", "~#@#@#", "~#@-#@#"]))
        else:
            code = self._fill(rng.choice(self._codes["zip"]))
        return code.lower() if rng.random() < 0.12 else code

    def mixed_code(self) -> str:
        """Return a postal code that can be told from a plain number by its letters or its shape."""
        rng = self._rng
        draw = rng.random()
        code = (
            self.british()
            if draw < 0.4
            else self._fill(rng.choice(["~#@ #@#", "~#@#@#"]))
            if draw < 0.55
            else self._fill(rng.choice(self._codes["zipx"]))
        )
        return code.lower() if rng.random() < 0.15 else code

    def town_and_code(self) -> list[Piece]:
        """Return a town and its postal code in the order of a country."""
        rng = self._rng
        town: Piece = (self._town(), "LOCATION")
        draw = rng.random()
        if draw < 0.3:
            state, code = rng.choice(_STATES), self._fill(rng.choice(["#####", "#####", "#####-####"]))
            if rng.random() < 0.25:
                return [town, (rng.choice([" ", ", "]), "LOCATION"), (code, "LOCATION")]
            glue = rng.choice([", ", ", ", " ", ". ", ","])
            behind = rng.choice([" ", " ", "  ", ", "])
            return [town, (glue, "?"), (state, "?"), (behind, "?"), (code, "LOCATION")]
        if draw < 0.52:
            return [town, (rng.choice([" ", " ", ", ", ". ", "\n"]), "LOCATION"), (self.british(), "LOCATION")]
        if draw < 0.64:
            state = rng.choice(["ON", "QC", "BC", "AB", "MB", "SK", "NS", "NB", "NL"])
            code = self._fill(rng.choice(["~#@ #@#", "~#@#@#"]))
            return [town, (rng.choice([", ", " "]), "?"), (state, "?"), (rng.choice([" ", "  "]), "?"), (code, "LOCATION")]  # fmt: skip
        if draw < 0.72:
            state = rng.choice(["NSW", "VIC", "Vic", "QLD", "Qld", "WA", "SA", "TAS", "ACT", "NT"])
            return [town, (rng.choice([" ", ", "]), "?"), (state, "?"), (" ", "?"), (self._fill("9###"), "LOCATION")]
        if draw < 0.8:
            glue = rng.choice([" - ", "-", " – ", " "])
            return [town, (glue, "LOCATION"), (self._fill(rng.choice(["######", "### ###", "####"])), "LOCATION")]
        return [(self._fill(rng.choice(self._codes["zipfront"])), "LOCATION"), (" ", "LOCATION"), town]

    # Numbers and machines

    def number(self) -> str:
        """Return a number of groups of digits and letters, in no known pattern."""
        rng = self._rng
        glue = rng.choice(["", "", "", "-", "-", "/", ".", " ", "_"])
        groups = []
        for i in range(rng.choice([1, 1, 1, 2]) if glue == "" else rng.choice([2, 2, 3])):
            if rng.random() < 0.25 and (i or glue == ""):
                groups.append("".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 3))))
            groups.append("".join(rng.choices(string.digits, k=rng.randint(2, 6) if glue else rng.randint(5, 9))))
        if rng.random() < 0.3:
            groups[0] = "".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 3))) + groups[0]
        code = glue.join(groups)
        while sum(c.isdigit() for c in code) < 5:
            code += rng.choice(string.digits)
        return code

    def host(self) -> str:
        """Return the name of a machine in a network."""
        rng = self._rng
        if rng.random() < 0.35:
            last = "".join(c for c in self._names.last() if c.isascii() and c.isalpha()) or "smith"
            user = (rng.choice(string.ascii_uppercase) + last).upper()
            host = rng.choice(
                [
                    f"{user}-PC",
                    f"LT-{user}",
                    f"{user}-LAPTOP",
                    f"WS-{user}",
                    f"{user}-MBP",
                    f"{user}{rng.randint(1, 9)}",
                ]
            )
        else:
            host = self._fill(rng.choice(self._hosts))
        return host.lower() if rng.random() < 0.25 else host

    def owned_machine(self) -> list[Piece]:
        """Return the name a machine has of its owner, the owner's name marked."""
        rng = self._rng
        machine = rng.choice(["iPhone", "iPad", "MacBook", "iPhone 12", "Galaxy S21", "Apple Watch", "Fitbit", "AirPods", "Pixel", "laptop", "iPhone (2)", "Galaxy Watch", "Kindle", "Echo Dot", "Dexcom", "Mac mini", "Surface", "phone", "hotspot"])  # fmt: skip
        name = self._names.first()
        if rng.random() < 0.25:
            return [(name, "NAME"), (rng.choice(["s-", "s_", "-", "_"]) + machine.replace(" ", "-"), "")]
        return [(name, "NAME"), (rng.choice(["'s ", "’s ", "s "]) + machine, "")]

    def _plain(self, name: str) -> str:
        return "".join(c for c in name if c.isascii() and c.isalnum()) or "Miller"

    def address(self) -> str:
        """Return an address in the web: portals, meetings, fundraisers, shortened links, profiles, addresses with a query."""
        rng = self._rng
        first, last, town = (self._plain(name).lower() for name in (self._names.first(), self._names.last(), self._town()))  # fmt: skip
        code = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(5, 11)))
        number = rng.randint(10**4, 10**9)
        site = rng.choice([
            f"portal.{town}health.org/patient/{number}", f"{town}clinic.com/book?id={number}", f"my.{last}health.com/messages", f"{town}-surgery.nhs.uk", f"www.{town}hospital.org/visit", f"{last}dental.com.au",
            f"dr{last}.de", f"praxis-{last}.de", f"cabinet-{last}.fr", f"{last}-law.com", f"{last}andsons.co.uk", f"us02web.zoom.us/j/{number}?pwd={code}", f"teams.microsoft.com/l/meetup-join/{code}",
            f"meet.google.com/{code[:3].lower()}-{code[1:5].lower()}-{code[:3].lower()}", f"doxy.me/dr{last}", f"doxy.me/{first}{last}", f"docs.google.com/document/d/{code}{number}/edit", f"drive.google.com/file/d/{code}{number}",
            f"dropbox.com/s/{code.lower()}/{last}.pdf", f"bit.ly/{code}", f"tinyurl.com/{last}{rng.randint(1, 99)}", f"youtu.be/{code}", f"youtube.com/@{first}{last}", f"gofundme.com/f/help-{first}-{last}", f"gofundme.com/f/{first}s-new-lungs",
            f"caringbridge.org/visit/{first}{last}", f"instagram.com/{first}.{last}", f"x.com/{first}_{last}", f"facebook.com/groups/{first}strong", f"linktr.ee/{first}{last}", f"{first}and{last}.wordpress.com", f"{first}{last}.blogspot.com/2019/",
            f"medium.com/@{first}{last}", f"reddit.com/user/{first}_{last}", f"justgiving.com/{first}-{last}", f"legacy.com/obituaries/{last}-{first}", f"ancestry.com/family-tree/{last}", f"linkedin.com/in/{first}-{last}-{code[:5].lower()}",
            f"{town}.k12.us/staff/{last}", f"{town}.gov/case/{number}", f"hospital.{town}.org:8443/pacs?study={number}", f"t.co/{code}", f"{code[:6].lower()}.{town}.edu/~{last}", f"strava.com/athletes/{number}", f"ftp.{town}lab.com/out/{number}",
        ])  # fmt: skip
        start = rng.choice(["https://", "https://", "http://", "www.", "", ""])
        return (start if not site.startswith("www.") or start.endswith("//") else "") + site

    def path(self) -> list[Piece]:
        """Return the path of a file whose folders or name are a person's, only those marked."""
        rng = self._rng
        first, last = self._plain(self._names.first()), self._plain(self._names.last())
        user = rng.choice([first[0] + last, f"{first}.{last}", last + first[0], first, f"{first}{last}"]).lower()
        folder = rng.choice([f"{last}_{first}", f"{last}, {first}", f"{last}{first[0]}", f"{first} {last}", f"{last.upper()}^{first.upper()}", f"{first}-{last}".lower(), last])  # fmt: skip
        number = self.number().replace("/", "-")
        kind = rng.choice(["pdf", "docx", "jpg", "dcm", "wav", "tif", "xlsx", "png", "txt", "mp4"])
        sheet = rng.choice(["CT", "letter", "report", "scan", "echo", "IM0001", "consent", "photo", "summary", "img_0042", "MRI", "notes", "fax", "results"])  # fmt: skip
        part = rng.choice(["Documents", "Desktop", "Scans", "Downloads", "Pictures", "Letters", "Temp"])
        return rng.choice([
            [("C:\\Users\\", ""), (user, "CONTACT"), (f"\\{part}\\", ""), (f"{folder}_{sheet}.{kind}", "NAME")],
            [("C:\\Users\\", ""), (user, "CONTACT"), (f"\\{part}\\{sheet}.{kind}", "")],
            [("/Users/", ""), (user, "CONTACT"), (f"/{part}/{sheet}.{kind}", "")],
            [("/home/", ""), (user, "CONTACT"), (f"/{part.lower()}/", ""), (f"{folder}.{kind}", "NAME")],
            [("/data/patients/", ""), (folder, "NAME"), (f"/{sheet}.{kind}", "")],
            [("/data/", ""), (number, "ID"), (f"/{sheet}/{sheet}.{kind}", "")],
            [("\\\\", ""), (self.host(), "ID"), ("\\share\\", ""), (folder, "NAME"), (f"\\{sheet}.{kind}", "")],
            [("P:\\Clinic\\", ""), (folder, "NAME"), (f"\\{rng.randint(2005, 2028)}\\{sheet}.{kind}", "")],
            [("Z:\\", ""), (folder, "NAME"), ("\\", ""), (number, "ID"), (f".{kind}", "")],
            [("//", ""), (self.host(), "ID"), ("/pacs/", ""), (number, "ID"), (f"/{sheet}.dcm", "")],
            [("~/", ""), (f"{part}/", ""), (f"{folder}-{sheet}.{kind}", "NAME")],
            [("OneDrive - ", ""), (f"{first} {last}", "NAME"), (f"\\{part}\\{sheet}.{kind}", "")],
        ])  # fmt: skip

    # Firms and hospitals

    def coined(self) -> str:
        """Return a coined name of a firm."""
        rng = self._rng
        front, back = rng.choice(self._fronts), rng.choice(self._backs)
        name = front + (back[1:] if back[0] == front[-1] else back)
        draw = rng.random()
        if draw < 0.08:
            return name.upper()
        return f"{name} {rng.choice(['One', 'Plus', 'Direct', 'Now', '360', 'Group', '24', 'Go', 'Labs', 'Care'])}" if draw < 0.16 else name  # fmt: skip

    def firm(self) -> str:
        """Return the name of a firm or body without a word that says what it is."""
        rng = self._rng
        last, other = self._names.last(), self._names.last()
        letters = "".join(rng.choices("ABCDEFGHJKLMNPRSTVW", k=rng.choice([2, 3, 3, 3, 4])))
        return rng.choice([self.coined(), self.coined(), self.coined(), f"{last}'s", f"{last} & {other}", f"{last} {other}", f"{last} and {other}", f"{last} Bros", f"{last} & Sons",
                           letters, f"{letters[0]}&{letters[1]}", f"{letters[0]} & {letters[1]}", f"{letters} {self._town()}", f"{self._town()} {self.coined()}", f"{last}-{other}",
                           f"{last}, {other} & {self._names.last()}", f"{self._names.first()}'s", f"{self._names.first()} & {self._names.first()}", f"{last}s"])  # fmt: skip

    def short_hospital(self) -> str:
        """Return a hospital by an abbreviation or a name that is cut short."""
        rng = self._rng
        town, last = self._town(), self._names.last()
        letter = "".join(rng.choices("ABCDEFGHJKLMNPRSTVW", k=2))
        return rng.choice([f"{town} Gen", f"{town} Gen.", f"{town} Mem", f"{last} Mem", f"{last} Mem.", f"{town} Reg'l", f"{town} Reg", f"{town} Dist. Hosp.", f"{town} Hosp", f"{town} hosp.",
                           f"{town} MC", f"{last} MC", f"{town} Med Ctr", f"{last} Med. Ctr.", f"{town} Comm. Hosp", f"{town} Univ Hosp", f"Univ. Hosp. {town}", f"UH {town}", f"Mt. {last}", f"Mt {last}",
                           f"St {self._names.first()}'s", f"St. {last[0]}'s", f"{town} RI", f"{town} DGH", f"{town} GH", f"{town} CH", f"{town} VA", f"{town} ED", f"{town} ER", f"{town} A&E",
                           f"{town} MIU", f"{letter}H", f"{letter}MC", f"{letter[0]}RI", f"{letter}GH", f"{letter}CC", f"{letter}UHT", f"KH {town}", f"CHU {town}", f"AKH {town}", f"{town} Inf.", f"{town} Kids", f"{last} Peds"])  # fmt: skip

    def unit(self) -> str:
        """Return a ward or unit by its own name."""
        rng = self._rng
        last, town, number = self._names.last(), self._town(), rng.randint(1, 12)
        letter = rng.choice("ABCDE")
        return rng.choice([f"{last} {number}", f"{number} {last}", f"{last} {number}{letter}", f"{last} ward", f"{last} Ward", f"Ward {last}", f"{last} HDU", f"{last} ICU", f"{last} ITU", f"{last} CCU",
                           f"{last} {rng.choice(['East', 'West', 'North', 'South'])}", f"{last} {number} {rng.choice(['East', 'West', 'North'])}", f"{last} Pav.", f"{last} Pavilion", f"{last} wing", f"{last} Bldg {number}",
                           f"{last} day unit", f"{last} suite", f"{last} Suite", f"{town} ward", f"{town} suite", f"{last} MAU", f"{last} SAU", f"{last} NICU", f"{last} Rehab", f"{last} Unit", f"the {last}", f"{last} Twr",
                           f"{last}/{self._names.last()} unit", f"{self._names.first()} ward", f"{self._names.first()} {last} Unit", f"{last} ED", f"{last} theatre {number}"])  # fmt: skip
