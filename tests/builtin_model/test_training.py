"""The parts that need torch: the network against Hugging Face's own, decoding, weighting, SFT, GRPO and the export."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

torch = pytest.importorskip("torch")

from builtin_model import dataset, decode, grpo, sft, tokeniser  # noqa: E402
from builtin_model.conversation import END, OFFICIAL_SYSTEM, START, prompt  # noqa: E402
from builtin_model.export import NAME, export  # noqa: E402
from builtin_model.model import Qwen2, Shape, causal_attention, parameter_count  # noqa: E402
from builtin_model.questions import Draw, growth  # noqa: E402
from builtin_model.records import Mark  # noqa: E402

SMALL = Shape(vocabulary=512, hidden=64, layers=2, heads=4, kv_heads=2, feed_forward=96, positions=1024)


@pytest.fixture(scope="module")
def vocabulary() -> tokeniser.Tokenizer:
    return tokeniser.train(SMALL.vocabulary, seed=1, exercises=60)


@pytest.fixture
def model() -> Qwen2:
    torch.manual_seed(3)
    return Qwen2(SMALL).eval()


def test_the_shipped_shape_has_about_five_million_weights() -> None:
    assert 5.0e6 < parameter_count(Qwen2(Shape())) < 5.6e6


def test_written_out_attention_equals_the_fused_one() -> None:
    torch.manual_seed(1)
    q, k, v = (torch.randn(2, 4, 17, 16) for _ in range(3))
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert torch.allclose(causal_attention(q, k, v), fused, atol=1e-5)


def test_digits_are_tokens_and_text_survives(vocabulary: tokeniser.Tokenizer) -> None:
    encoding = vocabulary.encode("Revenue 820,5 → 净利润\n\nnaïve", add_special_tokens=False)
    assert vocabulary.decode(encoding.ids, skip_special_tokens=False) == "Revenue 820,5 → 净利润\n\nnaïve"
    for digit in "8205":
        assert digit in encoding.tokens
    assert vocabulary.get_vocab_size() == SMALL.vocabulary
    assert vocabulary.encode(f"{START}user", add_special_tokens=False).ids[0] == SMALL.vocabulary - 2


def test_sample_weights_follow_the_marks(vocabulary: tokeniser.Tokenizer) -> None:
    random = Random(12)
    exercise = growth(random, Draw("en"))
    while not any(piece.mark is Mark.TRIAL for piece in exercise.thinking):
        exercise = growth(random, Draw("en"))
    question = prompt(exercise, None)
    sample = dataset.encode(vocabulary, question, dataset.spans(exercise, copy_weight=3.0, choice_weight=4.0))
    start = len(vocabulary.encode(question, add_special_tokens=False).ids)
    assert set(sample.weights[:start]) == {0.0}
    trials = sum(piece.mark is Mark.TRIAL for piece in exercise.thinking)
    assert sample.weights[start:].count(0.0) == trials
    copied = "".join(piece.text for piece in exercise.thinking if piece.mark is Mark.COPY)
    for wanted, text in ((3.0, copied), (4.0, exercise.thinking[0].text)):
        heavy = [token for token, weight in zip(sample.ids, sample.weights, strict=True) if weight == wanted]
        assert vocabulary.decode(heavy, skip_special_tokens=False) == text
    assert vocabulary.id_to_token(sample.ids[-1]) == END


def test_cached_batches_decode_like_single_prompts(model: Qwen2) -> None:
    prompts = [[5, 9, 200, 31], [7, 8], [100, 101, 102, 103, 104, 105, 106]]
    sampling = decode.Sampling(longest=12)
    together = decode.complete(model, prompts, 511, sampling, torch.Generator())
    for ids, expected in zip(prompts, together, strict=True):
        grown = list(ids)
        with torch.no_grad():
            for _ in range(12):
                token = int(model.logits(model.hidden(torch.tensor([grown]))[0, -1]).argmax())
                if token == 511:
                    break
                grown.append(token)
        assert grown[len(ids) :] == expected


def test_the_penalty_applies_to_prompt_and_output_and_top_p_cuts() -> None:
    logits = torch.tensor([[2.0, 1.9, -1.0]])
    used = torch.tensor([[True, False, False]])
    generator = torch.Generator().manual_seed(0)
    assert decode.pick(logits, used, decode.Sampling(), generator).item() == 0
    assert decode.pick(logits, used, decode.Sampling(repetition_penalty=1.1), generator).item() == 1
    narrow = decode.Sampling(temperature=1.0, top_p=0.3)
    assert {decode.pick(logits, used, narrow, generator).item() for _ in range(50)} == {0}


def test_training_lowers_the_loss_and_resumes(tmp_path: Path, vocabulary: tokeniser.Tokenizer) -> None:
    torch.manual_seed(5)
    plan = sft.Plan(tokens=12_000, batch_tokens=1024, warmup_steps=2, bfloat16=False, save_every=4_000)
    training = sft.Training(Qwen2(SMALL), plan)
    journal = sft.Journal(tmp_path / "sft.jsonl", every=1)
    sft.run(training, vocabulary, tmp_path, journal)
    lines = [json.loads(line) for line in (tmp_path / "sft.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert lines[-1]["rate"] < plan.peak
    resumed = sft.Training(Qwen2(SMALL), plan)
    resumed.restore(tmp_path / "sft.pt")
    assert (resumed.step, resumed.tokens) == (training.step, training.tokens)
    assert resumed.progress >= 1.0
    for name, value in sft.load_model(tmp_path / "sft.pt").state_dict().items():
        assert torch.equal(value, training.model.state_dict()[name])


def test_advantages_are_centred_and_vanish_for_equal_rewards() -> None:
    assert grpo.advantages([2.0, 2.0, 2.0]) == [0.0, 0.0, 0.0]
    assert grpo.advantages([2.0, 1.0]) == [1.0, -1.0]


def test_grpo_makes_the_rewarded_answer_more_likely(model: Qwen2) -> None:
    good, bad = grpo.Rollout([1, 2, 3], [4, 5], 1.0), grpo.Rollout([1, 2, 3], [6, 7], -1.0)

    def likelihood(roll: grpo.Rollout) -> float:
        ids = torch.tensor([roll.prompt + roll.completion])
        with torch.no_grad():
            scores = model.logits(model.hidden(ids))[0, 2:4].log_softmax(-1)
        return float(scores[0, roll.completion[0]] + scores[1, roll.completion[1]])

    before = likelihood(good), likelihood(bad)
    training = sft.Training(model, sft.Plan(peak=1e-3, warmup_steps=1, tokens=10))
    grpo.learn(training, [good, bad], grpo.GrpoPlan())
    assert likelihood(good) > before[0]
    assert likelihood(bad) < before[1]


def test_the_export_is_a_qwen2_checkpoint(tmp_path: Path, model: Qwen2, vocabulary: tokeniser.Tokenizer) -> None:
    transformers = pytest.importorskip("transformers")
    export(model, vocabulary, "card", tmp_path, 0.1)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    their_tokeniser = transformers.AutoTokenizer.from_pretrained(tmp_path)
    exercise = growth(Random(3), Draw("zh"))
    messages = [{"role": "system", "content": OFFICIAL_SYSTEM}, {"role": "user", "content": exercise.question}]
    text = their_tokeniser.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == prompt(exercise, OFFICIAL_SYSTEM)
    ids = vocabulary.encode(text, add_special_tokens=False).ids
    assert their_tokeniser(text, add_special_tokens=False)["input_ids"] == ids
    with torch.no_grad():
        expected = theirs(torch.tensor([ids])).logits
        rounded = Qwen2(SMALL).eval()
        rounded.load_state_dict({name: value.half().float() for name, value in model.state_dict().items()})
        assert torch.allclose(rounded.logits(rounded.hidden(torch.tensor([ids]))), expected, atol=1e-4)
    assert theirs.generation_config.eos_token_id == vocabulary.token_to_id(END)
    assert "Fin-R1" not in NAME
