"""Medical eponyms, drug names and words that look like names stay where they mean medicine."""

import pytest

from nosology.deidentification import deidentify

SENTENCES = (
    "The patient has {Parkinson} disease, {Crohn}'s disease and {Graves}' disease, all stable.",
    "Biopsy showed non-{Hodgkin} lymphoma; no {Reed}-{Sternberg} cells were seen, and {Burkitt} lymphoma was excluded.",
    "A {Foley} catheter and a {Swan}-{Ganz} catheter were placed; the {Hickman} catheter was removed.",
    "{Babinski} sign was absent, {Romberg} test negative and {Hoffmann} sign absent.",
    "There was a positive {Murphy} sign but no {McBurney} point tenderness and no {Rovsing} sign.",
    "{Cushing} syndrome and {Addison} disease were both considered; {Conn} syndrome was not.",
    "He has {Alzheimer} dementia, not {Lewy} body dementia or {Pick} disease.",
    "{Barrett} esophagus with a {Schatzki} ring and a {Mallory}-{Weiss} tear on endoscopy.",
    "X-ray showed a {Colles} fracture, no {Smith} fracture and no {Jones} fracture.",
    "Her {Apgar} scores were 8 and 9 and the {Moro} reflex was intact.",
    "The wound was closed over a {Jackson}-{Pratt} drain and a {Penrose} drain.",
    "A {Whipple} procedure was performed with a {Roux}-en-Y reconstruction.",
    "{Kussmaul} breathing and {Cheyne}-{Stokes} respiration were noted overnight.",
    "He carries a diagnosis of {Marfan} syndrome with {Charcot} joints and {Raynaud} phenomenon.",
    "{Wegener} granulomatosis was excluded, as was {Goodpasture} syndrome.",
    "{Sjogren} syndrome with dry eyes, {Bell} palsy on the left, and {Horner} syndrome on the right.",
    "The {Glasgow} Coma Scale was 15 and the {Karnofsky} score 80.",
    "{Dupuytren} contracture and {De} {Quervain} tenosynovitis were treated with injections.",
    "{Osgood}-{Schlatter} disease and {Legg}-{Calve}-{Perthes} disease were ruled out.",
    "{Meniere} disease with positional vertigo; the {Dix}-{Hallpike} maneuver was positive and {Epley} maneuver done.",
    "{Kaposi} sarcoma and {Wilms} tumor are in the differential; {Ewing} sarcoma is less likely.",
    "{Down} syndrome, {Turner} syndrome and {Klinefelter} syndrome were excluded by karyotype.",
    "{Wernicke} encephalopathy and {Korsakoff} psychosis from alcohol use.",
    "{Guillain}-{Barre} syndrome was treated with plasma exchange; {Lambert}-{Eaton} syndrome was excluded.",
    "{Trendelenburg} position was used, then {Fowler} position after extubation.",
    "{Pap} smear was normal, and the {Papanicolaou} stain was repeated; {Gram} stain showed cocci.",
    "{Wright} stain and {Giemsa} stain of the smear; {Ziehl}-{Neelsen} stain was negative.",
    "{Doppler} ultrasound showed flow; the {Holter} monitor was returned.",
    "{Kerley} B lines and a {Hampton} hump on the chest film; {Ghon} complex on the right.",
    "A {Baker} cyst, a {Bartholin} cyst and a {Nabothian} cyst were described.",
    "{Peyronie} disease, {Paget} disease of bone and {Scheuermann} disease.",
    "{Heimlich} maneuver and {Valsalva} maneuver; {Lachman} test and {McMurray} test were negative.",
    "{Tinel} sign and {Phalen} test were positive at the wrist; {Finkelstein} test was negative.",
    "{Hashimoto} thyroiditis and {Takayasu} arteritis; {Kawasaki} disease as a child.",
    "{Tourette} syndrome, {Asperger} syndrome and {Rett} syndrome in the family.",
    "{Kocher} clamp, {Kelly} clamp and {Allis} clamp; a {Babcock} forceps held the bowel.",
    "{Balfour} retractor, {Deaver} retractor and {Richardson} retractor were used.",
    "{Metzenbaum} scissors and {Mayo} scissors; {Adson} forceps on the skin.",
    "{Steinmann} pin and {Kirschner} wire fixation with an {Ilizarov} frame.",
    "{Mohs} surgery of the nose, {Nissen} fundoplication and {Billroth} reconstruction.",
    "{Hartmann} procedure with a {Brooke} ileostomy; {Maze} procedure for atrial fibrillation.",
    "She takes {Lasix} 40 mg daily, {Coumadin} 5 mg, {Lipitor} 20 mg and {Plavix} 75 mg.",
    "Continue {Synthroid}, {Zoloft}, {Prozac}, {Paxil} and {Lexapro} at home doses.",
    "{Keflex}, {Augmentin}, {Bactrim} and {Zithromax} were tried before {Levaquin}.",
    "Allergies: {Penicillin}, {Demerol}, {Codeine} and {Vicodin}.",
    "He was given {Ativan}, {Haldol} and {Zyprexa} overnight, then {Seroquel}.",
    "Home {Lantus} and {Humalog} were resumed; {Glucophage} and {Actos} were held.",
    "{Nexium}, {Prilosec} and {Pepcid} for reflux; {Zofran} and {Reglan} for nausea.",
    "{Advair}, {Spiriva} and {Singulair} for asthma; {Flonase} for the nose.",
    "{Norvasc}, {Lopressor}, {Cozaar} and {Diovan} for blood pressure; {Celebrex} and {Tylenol} for pain.",
    "{Huntington} chorea in the father; {Friedreich} ataxia and {Tay}-{Sachs} disease were excluded.",
    "{Wolff}-{Parkinson}-White pattern on the ECG; {Brugada} syndrome was discussed with {Wenckebach} block.",
    "{Virchow} node and {Sister} Mary {Joseph} nodule were not palpable; {Courvoisier} sign was absent.",
    "{Fournier} gangrene and {Ludwig} angina need surgery; {Vincent} angina does not.",
    "{Bowen} disease, {Merkel} cell carcinoma and {Spitz} nevus; {Koebner} phenomenon was absent.",
    "{Gleason} score 7, {Breslow} depth 1 mm, {Clark} level III and {Fuhrman} grade 2.",
    "{Child}-{Pugh} class B cirrhosis with a {Ranson} score of 3 and {Braden} scale of 18.",
    "{Norco} and {Percocet} for pain; {Klonopin} and {Xanax} for anxiety; {Ambien} for sleep.",
    "{Remicade}, {Humira} and {Enbrel} were tried; {Rituxan} and {Herceptin} infusions are planned.",
    "May be discharged home today. Will follow up with cardiology in a week.",
    "The {GRACE} score was 140; faith, hope and grace were mentioned by the chaplain.",
    "She will rest, mark the site, and bill the insurance; her skin is rich in color and her gaze is frank.",
)


def plain(sentence: str) -> str:
    """Return the sentence without the marks around the terms."""
    return sentence.replace("{", "").replace("}", "")


def terms(sentence: str) -> list[str]:
    """Return the marked terms of a sentence."""
    return [part.split("}")[0] for part in sentence.split("{")[1:]]


def test_there_are_two_hundred_terms_and_hardly_one_twice() -> None:
    listed = [term for sentence in SENTENCES for term in terms(sentence)]
    assert len(listed) >= 200
    assert len(set(listed)) > 0.97 * len(listed)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: plain(sentence)[:40])
def test_medicine_survives(sentence: str) -> None:
    assert deidentify(plain(sentence)).text == plain(sentence)
