#!/usr/bin/env bash
# The whole job in eight commands, on invented notes and this machine alone: from files in MIMIC-III's format to a page
# that reads new notes. It takes minutes on two cores. With your own notes, leave out the first command and begin with
# `nosology prepare mimic3 DIR` or `nosology prepare table FILE`.
#
#   scripts/whole_job.sh [FOLDER]        everything is written below FOLDER (whole-job)
#
# ADMISSIONS, CONFIG, PORT and NOSOLOGY (how the program is called) may be set in the environment.
set -euo pipefail

OUT=${1:-whole-job}
ADMISSIONS=${ADMISSIONS:-1900}
CONFIG=${CONFIG:-"$(dirname "$0")/../configs/demo.yaml"}
PORT=${PORT:-8000}
nosology() { ${NOSOLOGY:-command nosology} "$@"; }

NOTE="72-year-old man with crushing chest pain radiating to the left arm, ST elevation in the anterior leads and raised
troponin. Stent to the left anterior descending artery. No pneumonia. Discharged on aspirin and metoprolol."

# 1. Invent a hospital: notes, diagnoses, patients and admissions as MIMIC-III has them.
nosology synth "$OUT/mimic3" --admissions "$ADMISSIONS" --seed 0

# 2. Make a dataset: read, label, de-identify, normalize, drop copies, split by patient. Every loss has a reason.
nosology prepare mimic3 "$OUT/mimic3" --out "$OUT/dataset" --config "$CONFIG"

# 3. Fine-tune the model with LoRA. The run folder holds adapter, prompt, label set, configuration and log.
nosology train "$OUT/dataset" --out "$OUT/run" --config "$CONFIG"

# 4. Score base and tuned model and the baselines on notes of other patients, and calibrate the probabilities.
nosology evaluate "$OUT/run"

# 5. Say which category a new note belongs to, how sure that is, and which other categories cannot be ruled out.
nosology classify "$OUT/run" - <<<"$NOTE" >"$OUT/prediction.json"

# 6. Suggest diagnoses to consider, with the sentences behind each.
nosology suggest "$OUT/run" - -k 5 --out "$OUT/suggestions.jsonl" <<<"$NOTE"

# 7. Write one self-contained page of all results, with the figures beside it.
nosology report "$OUT/run"

# 8. Serve the run as a page and an API on this machine, until Ctrl-C.
nosology serve "$OUT/run" --port "$PORT"
