"""Faults that the tests must notice: each is one replacement in one source file, and the tests that have to fail.

They are mistakes that would pass a careless review: the program still runs, its figures are still plausible, and they
are wrong.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One planted mistake.

    Attributes:
        name: What is wrong, in words.
        file: Where, below ``src/nosology``.
        old: The text to replace; it occurs there exactly once.
        new: What stands there instead.
        tests: Test files or test ids, one of which must fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


FAULTS = (
    Fault(
        "the last code of a range falls out of it",
        "coding/icd.py",
        "code[: len(self.high)] <= self.high",
        "code[: len(self.high)] < self.high",
        ("tests/unit/coding/test_icd.py",),
    ),
    Fault(
        "a range of the label set ends one rubric early",
        "data/labels/icd-chapters-18.tsv",
        "390-459",
        "390-458",
        ("tests/unit/coding/test_labels.py",),
    ),
    Fault(
        "codes lose their leading zeros, as if they were numbers",
        "coding/icd.py",
        'undotted = before + after.replace(".", "")',
        'undotted = (before + after.replace(".", "")).lstrip("0")',
        ("tests/unit/coding/test_icd.py",),
    ),
    Fault(
        "the rubric of an E code is cut like any other",
        "coding/icd.py",
        'return 4 if version == 9 and code.startswith("E") else 3',
        "return 3",
        ("tests/unit/coding/test_icd.py",),
    ),
    Fault(
        "a segment hides its tokens from its grandchildren's younger siblings",
        "modeling/tree.py",
        "index = children[index][-1]",
        "index = children[index][0]",
        ("tests/unit/modeling/test_tree.py",),
    ),
    Fault(
        "positions start again in every segment",
        "modeling/tree.py",
        "depths[index] = depths[segment.parent] + len(segments[segment.parent].tokens)",
        "depths[index] = depths[segment.parent]",
        ("tests/unit/modeling/test_tree.py",),
    ),
    Fault(
        "an answer is predicted one token too late",
        "modeling/tree.py",
        "self.starts[parent] + self.lengths[parent] - 1,",
        "self.starts[parent] + self.lengths[parent],",
        ("tests/unit/modeling/test_tree.py",),
    ),
    Fault(
        "scores are read at the first token of a note instead of its last",
        "modeling/trie.py",
        "rows = {-1: starts[root] + lengths[root] - 1}",
        "rows = {-1: starts[root]}",
        ("tests/unit/modeling/test_scoring.py::test_joint_scores_equal_those_of_each_answer_behind_its_own_prompt",),
    ),
    Fault(
        "a token sees the one after it",
        "modeling/tree.py",
        "(asked <= asking)",
        "(asked <= asking + 1)",
        ("tests/unit/modeling/test_tree.py",),
    ),
    Fault(
        "a shortened note loses the answer cue",
        "modeling/encoding.py",
        "return EncodedNote(text, (*kept, *self.cue), left_out, len(whole), around=around)",
        "return EncodedNote(text, (*kept, *self.cue)[: self.max_note_tokens], left_out, len(whole), around=around)",
        ("tests/unit/modeling/test_encoding.py::test_a_long_note_loses_its_middle_and_keeps_instruction_and_cue",),
    ),
    Fault(
        "a prompt begins twice",
        "modeling/encoding.py",
        "if by_itself[:1] == (begin,) and root[:1] != (begin,):",
        "if by_itself[:1] == (begin,):",
        ("tests/unit/modeling/test_encoding.py::test_a_prompt_has_exactly_one_begin_of_text",),
    ),
    Fault(
        "the end of the turn carries no loss",
        "modeling/encoding.py",
        "tuple((*self._plain(name), self.end_of_turn) for name in categories)",
        "tuple(self._plain(name) for name in categories)",
        ("tests/unit/modeling/test_encoding.py::test_every_answer_ends_its_turn",),
    ),
    Fault(
        "markup inside a note becomes markup",
        "modeling/encoding.py",
        'self._tokenized(clean, split_special_tokens=True)["input_ids"]',
        'self._tokenized(clean, split_special_tokens=False)["input_ids"]',
        ("tests/unit/modeling/test_encoding.py::test_markup_inside_a_note_stays_text",),
    ),
    Fault(
        "ordinary notes wait behind very long ones",
        "serve/batching.py",
        "(len(item.text) > LONG_CHARACTERS) == (lane is self._long)",
        "lane is self._quick",
        ("tests/unit/serve/test_batching.py::test_an_ordinary_note_does_not_wait_behind_a_very_long_one",),
    ),
    Fault(
        "an answer that names two categories is read as the first",
        "evaluation/parsing.py",
        "return mentioned[0] if len(mentioned) == 1 else None",
        "return mentioned[0]",
        ("tests/unit/evaluation/test_parsing.py::test_what_names_no_category_or_several_is_unparseable",),
    ),
    Fault(
        "the weights of rare categories are left out of the loss",
        "training/trainer.py",
        'total = (losses * inputs["weights"]).sum()',
        "total = losses.sum()",
        ("tests/unit/training/test_trainer.py",),
    ),
    Fault(
        "accumulated losses are divided once too often",
        "training/trainer.py",
        "loss_is_scaled_for_ga = True",
        "loss_is_scaled_for_ga = False",
        ("tests/unit/training/test_workflow.py::test_accumulating_batches_gives_the_loss_of_one_large_batch",),
    ),
    Fault(
        "a damaged checkpoint is resumed from",
        "training/callbacks.py",
        "sha256_file(checkpoint / name) == hash_ for name, hash_ in seal.items()",
        "hash_ for name, hash_ in seal.items()",
        ("tests/unit/training/test_workflow.py::test_a_checkpoint_without_its_seal_is_not_resumed_from",),
    ),
    Fault(
        "training notes are read that the manifest did not record",
        "runs/run.py",
        "if found != recorded:",
        "if False:",
        ("tests/unit/runs/test_run.py",),
    ),
    Fault(
        "patients are put into splits by their admission",
        "preparation/pipeline.py",
        'for patient in notes["patient_id"]]',
        'for patient in notes["admission_id"]]',
        ("tests/integration/test_prepare.py::test_patients_are_never_in_two_splits_and_all_splits_are_used",),
    ),
    Fault(
        "a patient in two splits is let through",
        "dataset/split.py",
        "seen.setdefault(patient, split) != split",
        "seen.setdefault(patient + split, split) != split",
        ("tests/unit/dataset/test_split.py",),
    ),
    Fault(
        "a loss of several rows is counted as one",
        "dataset/funnel.py",
        "self._lost[step][reason] += n",
        "self._lost[step][reason] += 1",
        ("tests/unit/dataset/test_funnel.py",),
    ),
    Fault(
        "notes marked as errors stay",
        "sources/mimic.py",
        "if not _is_error(errors[i])",
        "if errors[i].strip().lower() != b'true'",
        ("tests/integration/test_prepare.py::test_every_row_has_the_fate_that_the_rules_say",),
    ),
    Fault(
        "symptoms outvote diseases under the dominant rule",
        "preparation/labelling.py",
        "for category, found in rubrics.items() if category not in LAST_RESORTS}",
        "for category, found in rubrics.items()}",
        ("tests/unit/preparation/test_labelling.py",),
    ),
    Fault(
        "the macro average counts categories that never occur",
        "metrics/agreement.py",
        "occurs = support > 0",
        "occurs = support >= 0",
        (
            "tests/unit/metrics/test_agreement.py::test_a_category_that_is_only_predicted_does_not_enter_the_macro_average",
        ),
    ),
    Fault(
        "the bootstrap draws notes instead of patients",
        "metrics/resampling.py",
        "np.unique(np.asarray(groups), return_inverse=True)",
        "np.unique(np.arange(len(np.asarray(groups))), return_inverse=True)",
        ("tests/unit/metrics/test_resampling.py::test_drawing_patients_widens_the_interval_where_their_notes_agree",),
    ),
    Fault(
        "scores are multiplied by the temperature",
        "classifier/calibration/score_map.py",
        "special.softmax(log_probs / how.temperature + how.offsets, axis=1)",
        "special.softmax(log_probs * how.temperature + how.offsets, axis=1)",
        ("tests/unit/classifier/test_calibration.py::test_applying_divides_by_the_temperature_and_adds_offsets",),
    ),
    Fault(
        "calibration is fitted on the notes that are evaluated",
        "evaluation/fitting.py",
        "notes, files = inputs.validation, inputs.run.files",
        "notes, files = inputs.notes, inputs.run.files",
        (
            "tests/unit/evaluation/test_workflow.py::test_the_tuned_model_is_calibrated_on_validation_notes_and_the_run_keeps_it",
        ),
    ),
    Fault(
        "the encoder also learns from the notes that it is judged on",
        "evaluation/encoder.py",
        'learned = Texts(inputs.train["clean_text"].to_list(), inputs.category_indices(inputs.train["category"]))',
        "learned = Texts(\n"
        '        [*inputs.train["clean_text"], *inputs.notes["clean_text"]],\n'
        '        inputs.category_indices(inputs.train["category"].append(inputs.notes["category"])),\n'
        "    )",
        ("tests/unit/evaluation/test_encoder.py::test_it_learns_from_the_models_notes_and_never_from_others",),
    ),
    Fault(
        "TF-IDF learns from all training notes where the model had only some",
        "evaluation/systems.py",
        'train = inputs.train_all if name == "tfidf_all" else inputs.train',
        "train = inputs.train_all",
        ("tests/unit/evaluation/test_workflow.py::test_tfidf_learns_from_exactly_the_models_notes_and_from_all",),
    ),
    Fault(
        "ninety is no longer an age over 89",
        "deidentification/detectors/ages.py",
        '_NUMBER = r"(?:9\\d|1[0-2]\\d)"',
        '_NUMBER = r"(?:9[1-9]|1[0-2]\\d)"',
        ("tests/unit/deidentification/test_ages.py",),
    ),
    Fault(
        "of two overlapping spans the longer one's end leaks",
        "deidentification/spans.py",
        "Span(last.start, max(last.end, span.end),",
        "Span(last.start, span.end,",
        ("tests/unit/deidentification/test_spans.py",),
    ),
    Fault(
        "spans count letters instead of code points",
        "deidentification/__init__.py",
        "Span(offsets[s.start], offsets[s.end], s.type)",
        "Span(s.start, s.end, s.type)",
        ("tests/unit/deidentification/test_composed.py",),
    ),
    Fault(
        "a surgeon called Foley takes the catheter along",
        "deidentification/judging/repeats.py",
        "if not is_medical_use(text, tokens.starts[i], end):",
        "if True:",
        ("tests/unit/deidentification/test_repeats.py",),
    ),
    Fault(
        "a patient's dates move each by a number of days of its own",
        "deidentification/surrogates.py",
        "new = shift_date(value, self.days)",
        "new = shift_date(value, self.days - self._draw(value, 7))",
        ("tests/unit/deidentification/test_surrogates.py",),
    ),
    Fault(
        "balanced ignores the network",
        "deidentification/__init__.py",
        "return (*found, Learned(*_NETWORK[recall], is_sooner=True))",
        "return found",
        ("tests/unit/deidentification/test_learned.py::test_balanced_uses_what_the_network_is_sure_of",),
    ),
    Fault(
        "a section of diagnoses goes on without having begun",
        "text/headers.py",
        "steps[[_OTHER, _ANOTHER], _GOES_ON] = -np.inf",
        "steps[[_OTHER, _ANOTHER], _GOES_ON] = 0",
        ("tests/unit/text/test_headers.py",),
    ),
    Fault(
        "a header above a list reaches none of its lines",
        "suggesting/context.py",
        "headers.append(header if header >= 0 else begin)",
        "headers.append(begin)",
        ("tests/unit/suggesting/test_context.py",),
    ),
    Fault(
        "what a sign parts from a mention is read for it",
        "suggesting/context.py",
        "begin, stop = _clause(sentence, start, end)",
        "begin, stop = 0, len(sentence)",
        ("tests/unit/suggesting/test_context.py",),
    ),
    Fault(
        "half a word is redacted",
        "deidentification/detectors/learned.py",
        "if begin >= first and end - 1 <= last:",
        "if True:",
        (
            "tests/unit/deidentification/test_learned.py::test_a_word_of_which_a_part_was_found_goes_whole_or_stays_whole",
        ),
    ),
    Fault(
        "high finds no more than balanced",
        "deidentification/__init__.py",
        "Learned(*_NETWORK[recall],",
        'Learned(*_NETWORK["balanced"],',
        (
            "tests/unit/deidentification/test_learned.py::test_high_recall_redacts_what_balanced_does_and_more",
            "tests/unit/cli/test_deid.py::test_high_recall_finds_a_name_without_a_cue_and_the_review_page_shows_it",
        ),
    ),
    Fault(
        "a place whose words all say nothing stays as it was",
        "deidentification/surrogates.py",
        "return None if before and new == before else new + zip_code",
        "return new + zip_code",
        ("tests/unit/deidentification/test_surrogates.py",),
    ),
    Fault(
        "surrogates of a table ignore whose note it is",
        "cli/deid.py",
        "keys = given.ids(patient) if patient else None",
        "keys = given.ids(patient) and None if patient else None",
        ("tests/unit/cli/test_deid.py::test_surrogates_of_one_patient_agree_across_rows_and_those_of_another_do_not",),
    ),
    Fault(
        "a file that somebody sent is read with the memory of a user's own",
        "sources/door.py",
        "if reader.memory_mb == memory_mb:",
        "if reader.memory_mb >= memory_mb:",
        ("tests/unit/sources/test_door.py",),
    ),
    Fault(
        "a limit in the environment is not heeded",
        "sources/limits.py",
        "return replace(cls(), **changed)",
        "return replace(cls())",
        ("tests/unit/sources/test_limits.py",),
    ),
    Fault(
        "a term that is denied speaks for its rubric",
        "suggesting/lexicon.py",
        "if not no and not was]",
        "if not was]",
        ("tests/unit/suggesting/test_lexicon.py::test_what_is_denied_or_a_relatives_stands_against_a_rubric",),
    ),
    Fault(
        "a training note's own code says how often its names are coded",
        "suggesting/named.py",
        "n, n_coded = n - 1, n_coded - int(own[place])",
        "n, n_coded = n - 1, n_coded",
        ("tests/unit/suggesting/test_named.py",),
    ),
    Fault(
        "a patient's other note tells how often a name is coded",
        "evaluation/named_notes.py",
        "return [patient or note for patient,",
        "return [note or patient for patient,",
        ("tests/unit/evaluation/test_named_notes.py",),
    ),
    Fault(
        "the preference for unseen rubrics decides the order of the list",
        "suggesting/mixture.py",
        'order = np.argsort(-np.take_along_axis(probabilities, chosen, axis=-1), axis=-1, kind="stable")',
        'order = np.argsort(-np.take_along_axis(worth, chosen, axis=-1), axis=-1, kind="stable")',
        ("tests/unit/suggesting/test_mixture.py",),
    ),
    Fault(
        "a changed adapter is loaded as if nothing had happened",
        "runs/integrity.py",
        "elif sha256_file(path) != recorded.files[name]:",
        "elif len(recorded.files[name]) != 64:",
        ("tests/unit/runs/test_integrity.py",),
    ),
    Fault(
        "an unpacked model that changed is read by itself as if nothing had happened",
        "modeling/llama.py",
        "            checking.result()  # what is wrong with a file goes before what came of reading it\n",
        "            pass\n",
        ("tests/unit/modeling/test_llama.py::test_an_unpacked_file_that_changed_is_refused",),
    ),
    Fault(
        "an adapter that computes otherwise is read as pairs of matrices",
        "modeling/llama.py",
        "for name, value in others.items() if value} == _PLAIN",
        "for name, value in others.items() if name in _PLAIN} == _PLAIN",
        ("tests/unit/modeling/test_llama.py::test_an_adapter_that_is_more_than_pairs_of_matrices_is_left_to_peft",),
    ),
    Fault(
        "training goes on from an adapter of another base model",
        "training/start.py",
        "if run.manifest.model.weights_sha256 != loaded.weights_sha256:",
        "if run.manifest.model.n_parameters < 0:",
        ("tests/unit/training/test_start.py::test_a_run_on_another_base_model_is_refused",),
    ),
    Fault(
        "training that goes on from a run begins with a fresh adapter",
        "training/start.py",
        "    fill_adapter(model, run.files.adapter_weights)\n",
        "",
        ("tests/unit/training/test_start.py::test_training_goes_on_from_the_values_of_the_other_run",),
    ),
    Fault(
        "a host whose name begins like this machine's is sent notes",
        "modeling/backends/server.py",
        "return host == _LOOPBACK_NAME or",
        "return host.startswith(_LOOPBACK_NAME) or",
        ("tests/unit/modeling/backends/test_server.py::test_notes_go_to_no_other_host_than_the_one_that_was_allowed",),
    ),
    Fault(
        "a word of nine patients leaves with an export",
        "suggesting/words.py",
        "patients_of_columns(count, texts, patients, len(self.vocabulary)) >= least)",
        "patients_of_columns(count, texts, patients, len(self.vocabulary)) >= least - 1)",
        ("tests/unit/export/models/test_word_models.py",),
    ),
    Fault(
        "another program answers for a run though it is another model",
        "export/models/comparing.py",
        "if not reason and largest > tolerance:",
        "if not reason and largest > 1:",
        ("tests/unit/export/models/test_standing_in.py::test_a_server_that_runs_the_base_model_is_refused",),
    ),
    Fault(
        "a piece of a word that nine patients share leaves with an export",
        "classifier/words.py",
        "masks.append(found[block.columns] >= least)",
        "masks.append(found[block.columns] >= least - 1)",
        ("tests/unit/export/models/test_word_models.py",),
    ),
    Fault(
        "a linear model that learned from notes too counts as one of phrases alone",
        "classifier/words.py",
        'return self.settings.get("phrases") == self._n_notes',
        'return "phrases" in self.settings',
        ("tests/unit/classifier/test_words.py::test_a_model_says_whether_notes_are_in_it",),
    ),
    Fault(
        "a calibration that is to change confidence alone changes answers",
        "classifier/calibration/fitting.py",
        '_MOVES_ANSWERS = {"temperature+offsets"}',
        '_MOVES_ANSWERS = {"confidence"}',
        ("tests/unit/evaluation/test_calibrating.py",),
    ),
    Fault(
        "notes of which nobody knows the patient count as patients when words leave",
        "export/models/word_models.py",
        "filter(note.is_in(list(ids)) & ~is_nobodys)",
        "filter(note.is_in(list(ids)))",
        ("tests/unit/export/models/test_word_models.py",),
    ),
    Fault(
        "a search judges its trials by the test notes",
        "tuning/workflow.py",
        'inputs = read_inputs(run, split="validation"',
        'inputs = read_inputs(run, split="test"',
        ("tests/unit/tuning/test_workflow.py::test_no_test_note_is_read",),
    ),
    Fault(
        "what a search proposes depends on how often it was stopped",
        "tuning/trials.py",
        "state = np.random.SeedSequence([self._seed, len(ended)]).generate_state(1)",
        "state = np.random.SeedSequence().generate_state(1)",
        ("tests/unit/tuning/test_trials.py::test_a_journal_that_is_opened_again_proposes_the_same",),
    ),
    Fault(
        "a run forgets that findings are half of its words",
        "classifier/ensemble.py",
        'if "findings_sha256" in settings else None',
        'if "findings" in settings else None',
        ("tests/unit/classifier/test_findings.py",),
    ),
    Fault(
        "a category gets the share of its best rubric alone",
        "classifier/findings.py",
        "sums = shares @ np.eye(self.n_categories)[self.category]",
        "sums = (shares[..., None] * np.eye(self.n_categories)[self.category]).max(axis=1, initial=0)",
        ("tests/unit/classifier/test_findings.py",),
    ),
    Fault(
        "suggestions take a cosine for its share among all rubrics",
        "suggesting/findings.py",
        "np.stack([cosines, special.softmax(SHARPNESS * cosines, axis=1)], axis=-1)",
        "np.stack([cosines, cosines], axis=-1)",
        ("tests/unit/suggesting/test_findings.py",),
    ),
)
