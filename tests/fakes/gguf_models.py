"""Small real GGUF models, made in about a second: true architectures, a real BPE tokenizer, a chat template, readable text.

The weights are random, but the output matrix holds a word-pair table over an orthogonal set of embeddings, so that the
residual stream of the last token votes for the words that may follow it. Blocks add a disturbance of a chosen size: what is
written therefore depends on the whole context (a cache bug changes the text), while it stays mostly readable.

`make_model(path)` writes a deepseek2 model (MLA with split k_b/v_b, routed and shared experts, one leading dense layer).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize
from numpy.typing import NDArray

from tests.fakes import gguf_compressed

BOS, EOS, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
USER, ASSISTANT = "<｜User｜>", "<｜Assistant｜>"
CONTROL_TOKENS = (BOS, EOS, PAD, USER, ASSISTANT, "<｜tool▁calls▁begin｜>", "<｜EOT｜>")
USER_DEFINED_TOKENS = ("<think>", "</think>")

# Disjoint words, so that the chain stays in its part until a separator ends it.
REASONING = """
Okay, so someone asks about this; let me think slowly; hmm, maybe check again; first compare both sides; next weigh what matters;
wait, that seems wrong; let me check both numbers; so what follows; maybe think again; hmm, next compare what seems wrong;
"""
ANSWER = """
The small model reads your question and writes one word after another. A local engine keeps every layer in memory. It answers on
your own computer without any network. Each token needs all active weights once. A larger context takes more memory. The planner
places layers on the card and experts in main memory. It keeps every word of your question in the cache. Each answer starts after
the engine reads your words. A good plan uses the card well. The engine writes every token on your own computer.
"""

TEMPLATES = {
    # Ways of the real families, in our own words: R1 opens the thought itself; V3 never thinks; V3.1 has a switch.
    "r1": """{%- set ns = namespace(system='') -%}
{%- for m in messages if m['role'] == 'system' -%}{%- set ns.system = ns.system + m['content'] -%}{%- endfor -%}
{{- bos_token + ns.system -}}
{%- for m in messages -%}
{%- if m['role'] == 'user' -%}{{- '<｜User｜>' + m['content'] -}}{%- endif -%}
{%- if m['role'] == 'assistant' -%}{{- '<｜Assistant｜>' + m['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>' -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜><think>\\n' -}}{%- endif -%}""",
    "v3": """{{- bos_token -}}
{%- for m in messages -%}
{%- if m['role'] == 'system' -%}{{- m['content'] -}}{%- endif -%}
{%- if m['role'] == 'user' -%}{{- '<｜User｜>' + m['content'] -}}{%- endif -%}
{%- if m['role'] == 'assistant' -%}{{- '<｜Assistant｜>' + m['content'] + '<｜end▁of▁sentence｜>' -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜>' -}}{%- endif -%}""",
    "v31": """{%- if thinking is not defined -%}{%- set thinking = enable_thinking | default(false) -%}{%- endif -%}
{{- bos_token -}}
{%- for m in messages -%}
{%- if m['role'] == 'system' -%}{{- m['content'] -}}{%- endif -%}
{%- if m['role'] == 'user' -%}{{- '<｜User｜>' + m['content'] -}}{%- endif -%}
{%- if m['role'] == 'assistant' -%}{{- '<｜Assistant｜></think>' + m['content'] + '<｜end▁of▁sentence｜>' -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜>' + ('<think>' if thinking else '</think>') -}}{%- endif -%}""",
}


@dataclass(frozen=True)
class Shape:
    """Sizes of a model; the defaults make about 6 MB in F16."""

    n_layer: int = 4
    n_embd: int = 256
    n_head: int = 4
    n_ff: int = 512
    n_vocab: int = 0
    """Filled up with unused tokens to this size; 0 keeps the small vocabulary."""
    n_ctx_train: int = 32768
    # deepseek2 only
    n_expert: int = 8
    n_expert_used: int = 2
    n_ff_exp: int = 128
    leading_dense: int = 1
    q_lora_rank: int = 96
    """0 leaves the query without a low-rank step (as in V2-Lite; llama.cpp then wants 26 or 27 layers)."""
    kv_lora_rank: int = 128
    rope_dim: int = 32
    nope_dim: int = 32
    value_dim: int = 32
    is_legacy: bool = False
    """The unsplit attn_kv_b of files from before April 2025: full keys and values in the cache."""
    sliding_window: int = 64
    """granite_swa and deepseek4: tokens that their windowed layers see."""
    nextn_layers: int = 0
    """The last so many of the blocks predict further tokens (MTP): no part of an ordinary answer."""


SLOW = Shape(n_layer=40, n_expert=4)
"""More layers than bytes: slow to read a prompt and to write, quick to make (about 60 MB in F16)."""


def make_model(
    path: Path | str,
    arch: str = "deepseek2",
    *,
    shape: Shape | None = None,
    template: str | None = "r1",
    weight_type: str = "f16",
    disturbance: float = 0.6,
    end_weight: float = 0.15,
    think_end_weight: float = 0.5,
    opens_thought: bool = False,
    seed: int = 7,
    name: str = "Tiny test model",
) -> Path:
    """Write a loadable model.

    Args:
        path: where to.
        arch: "deepseek2", "deepseek4", "deepseek" (experts with plain attention), "qwen2", "granite_swa" (sliding window) or "llama".
        shape: sizes; more layers make it slower, more experts make it bigger.
        template: a key of TEMPLATES, any Jinja text, or None for a file without a template.
        weight_type: "f32", "f16" or "q8_0" of the matrices.
        disturbance: what all blocks together add to the residual stream, relative to it.
        end_weight: how likely a sentence is the last one, against one of its successors; 0 never ends.
        think_end_weight: the same for the reasoning part.
        opens_thought: the model itself writes <think> first.
        seed: of the random weights.
        name: general.name.
    """
    shape = shape or Shape()
    vocabulary = _Vocabulary(shape.n_vocab)
    writer = GGUFWriter(str(path), arch)
    writer.add_name(name)
    writer.add_file_type({"f32": 0, "f16": 1, "q8_0": 7}[weight_type])
    vocabulary.write(writer)
    if template is not None:
        writer.add_chat_template(TEMPLATES.get(template, template))
    weights = Weights(writer, np.random.default_rng(seed), weight_type, disturbance / shape.n_layer**0.5)
    pairs = vocabulary.pairs(end_weight, think_end_weight)
    if opens_thought:
        start, think = vocabulary.ids[ASSISTANT], vocabulary.ids["<think>"]
        pairs = {pair: weight for pair, weight in pairs.items() if pair[0] != start} | {(start, think): 1.0}
    _write_embeddings(weights, vocabulary, shape, pairs)
    writers = {"deepseek2": _write_deepseek2, "deepseek4": _write_deepseek4}
    writers.get(arch, _write_plain_attention)(weights, shape, arch)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(path)


class _Vocabulary:
    """Byte-level BPE: 256 bytes, then the words of the two texts with the merges that build them from the left."""

    def __init__(self, n_vocab: int) -> None:
        self.byte_text = _byte_alphabet()
        self.tokens: list[str] = [*CONTROL_TOKENS, *USER_DEFINED_TOKENS, *sorted(self.byte_text.values())]
        self.merges: list[str] = []
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.reasoning = [self._add_word(w) for w in _words(REASONING)]
        self.answer = [self._add_word(w) for w in _words(ANSWER)]
        shared = (set(self.reasoning) & set(self.answer)) - {self.ids[","]}
        if shared:
            raise AssertionError(f"both texts use {[self.tokens[i] for i in shared]}")
        self.paragraph = self._add_word("\n\n")
        self.n_used = len(self.tokens)
        self.tokens += [f"unused{i}" for i in range(n_vocab - self.n_used)]

    def _add_word(self, word: str) -> int:
        pieces = [self.byte_text[b] for b in word.encode()]
        whole = pieces[0]
        for piece in pieces[1:]:
            merge = f"{whole} {piece}"
            whole += piece
            if whole not in self.ids:
                self.ids[whole] = len(self.tokens)
                self.tokens.append(whole)
                self.merges.append(merge)
        return self.ids[whole]

    def write(self, writer: GGUFWriter) -> None:
        types = [TokenType.NORMAL] * len(self.tokens)
        types[: len(CONTROL_TOKENS)] = [TokenType.CONTROL] * len(CONTROL_TOKENS)
        for token in USER_DEFINED_TOKENS:
            types[self.ids[token]] = TokenType.USER_DEFINED
        types[self.n_used :] = [TokenType.UNUSED] * (len(self.tokens) - self.n_used)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("deepseek-v3")
        writer.add_token_list(self.tokens)
        writer.add_token_types(types)
        writer.add_token_merges(self.merges)
        writer.add_bos_token_id(self.ids[BOS])
        writer.add_eos_token_id(self.ids[EOS])
        writer.add_pad_token_id(self.ids[PAD])
        writer.add_add_bos_token(True)

    def pairs(self, end_weight: float, think_end_weight: float) -> dict[tuple[int, int], float]:
        """(token, successor) -> weight."""
        found: dict[tuple[int, int], float] = {}

        def chain(words: list[int], separator: int, end: int, weight: float, starts: tuple[int, ...]) -> None:
            for here, following in pairwise(words):
                found[here, following] = found.get((here, following), 0.0) + 1.0
            openings = {following for here, following in pairwise(words) if here == separator} | {words[0]}
            for start in starts:
                for opening in openings:
                    found[start, opening] = 1.0
            if weight:
                found[separator, end] = weight * len(openings)

        newline = self.ids[self.byte_text[ord("\n")]]
        thought_end = self.ids["</think>"]
        chain(self.reasoning, self.ids[";"], thought_end, think_end_weight, (newline, self.ids["<think>"]))
        chain(self.answer, self.ids["."], self.ids[EOS], end_weight, (self.paragraph, self.ids[ASSISTANT]))
        found[thought_end, self.paragraph] = 1.0
        return found


@dataclass(frozen=True)
class Weights:
    """Writes tensors of random numbers. `block_gain`: how much a block's last matrices add to the residual stream."""

    writer: GGUFWriter
    random: np.random.Generator
    weight_type: str
    block_gain: float

    def matrix(self, name: str, rows: int, columns: int, *, gain: float = 1.0, experts: int = 0) -> None:
        """A random matrix that keeps the size of its input (times gain); with `experts` a stack of them."""
        dims = (experts, rows, columns) if experts else (rows, columns)
        self.tensor(name, self.random.standard_normal(dims, dtype=np.float32) * np.float32(gain / columns**0.5))

    def tensor(self, name: str, values: NDArray[np.float32]) -> None:
        if self.weight_type == "q8_0" and values.shape[-1] % 32 == 0:
            kind = GGMLQuantizationType.Q8_0
            self.writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
        else:
            self.writer.add_tensor(name, values if self.weight_type == "f32" else values.astype(np.float16))

    def ones(self, name: str, size: int) -> None:
        self.writer.add_tensor(name, np.ones(size, np.float32))

    def zeros(self, name: str, size: int) -> None:
        self.writer.add_tensor(name, np.zeros(size, np.float32))


def _write_embeddings(
    weights: Weights, vocabulary: _Vocabulary, shape: Shape, pairs: dict[tuple[int, int], float]
) -> None:
    voters = sorted({here for here, _ in pairs})
    width = shape.n_embd
    if len(voters) > width:
        raise AssertionError(f"{len(voters)} words need n_embd >= {len(voters)}")
    embedding = weights.random.standard_normal((len(vocabulary.tokens), width), dtype=np.float32)
    basis, _ = np.linalg.qr(weights.random.standard_normal((width, width)))
    embedding[voters] = basis[: len(voters)].astype(np.float32) * width**0.5
    output = weights.random.standard_normal((len(vocabulary.tokens), width), dtype=np.float32) * np.float32(
        0.4 / width**0.5
    )
    for (here, following), weight in pairs.items():
        output[following] += np.float32((14.0 + np.log(weight)) / width) * embedding[here]
    weights.tensor("token_embd.weight", embedding)
    weights.tensor("output.weight", output)
    weights.ones("output_norm.weight", width)


def _write_common(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_block_count(shape.n_layer)
    writer.add_context_length(shape.n_ctx_train)
    writer.add_embedding_length(shape.n_embd)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)


def _write_deepseek2(weights: Weights, shape: Shape, arch: str) -> None:
    w, s = weights.writer, shape
    head = s.nope_dim + s.rope_dim
    _write_common(w, s)
    if s.q_lora_rank:
        w.add_q_lora_rank(s.q_lora_rank)
    w.add_kv_lora_rank(s.kv_lora_rank)
    w.add_head_count_kv(s.n_head if s.is_legacy else 1)
    w.add_key_length(head if s.is_legacy else s.kv_lora_rank + s.rope_dim)
    w.add_value_length(s.value_dim if s.is_legacy else s.kv_lora_rank)
    if not s.is_legacy:
        w.add_key_length_mla(head)
        w.add_value_length_mla(s.value_dim)
    w.add_rope_dimension_count(s.rope_dim)
    _write_expert_counts(w, s)
    w.add_expert_weights_norm(True)
    w.add_uint32(f"{arch}.expert_gating_func", 2)
    if s.nextn_layers:
        w.add_nextn_predict_layers(s.nextn_layers)
    for layer in range(s.n_layer):
        b = f"blk.{layer}."
        weights.ones(b + "attn_norm.weight", s.n_embd)
        if s.q_lora_rank:
            weights.matrix(b + "attn_q_a.weight", s.q_lora_rank, s.n_embd)
            weights.ones(b + "attn_q_a_norm.weight", s.q_lora_rank)
            weights.matrix(b + "attn_q_b.weight", s.n_head * head, s.q_lora_rank)
        else:
            weights.matrix(b + "attn_q.weight", s.n_head * head, s.n_embd)
        weights.matrix(b + "attn_kv_a_mqa.weight", s.kv_lora_rank + s.rope_dim, s.n_embd)
        weights.ones(b + "attn_kv_a_norm.weight", s.kv_lora_rank)
        if s.is_legacy:
            weights.matrix(b + "attn_kv_b.weight", s.n_head * (s.nope_dim + s.value_dim), s.kv_lora_rank)
        else:
            weights.matrix(b + "attn_k_b.weight", s.kv_lora_rank, s.nope_dim, experts=s.n_head)
            weights.matrix(b + "attn_v_b.weight", s.value_dim, s.kv_lora_rank, experts=s.n_head)
        weights.matrix(b + "attn_output.weight", s.n_embd, s.n_head * s.value_dim, gain=weights.block_gain)
        _write_experts_or_dense(weights, s, layer, has_bias=True)
        if layer >= s.n_layer - s.nextn_layers:
            weights.matrix(b + "nextn.eh_proj.weight", s.n_embd, 2 * s.n_embd)
            weights.ones(b + "nextn.enorm.weight", s.n_embd)
            weights.ones(b + "nextn.hnorm.weight", s.n_embd)


def _write_deepseek4(weights: Weights, shape: Shape, arch: str) -> None:
    del arch
    shape = replace(shape, leading_dense=0)
    _write_common(weights.writer, shape)
    _write_expert_counts(weights.writer, shape)
    gguf_compressed.write_metadata(weights, shape)
    gguf_compressed.write_ends(weights, shape)
    for layer in range(shape.n_layer):
        gguf_compressed.write_attention(weights, shape, layer)
        _write_experts_or_dense(weights, shape, layer, has_bias=True)


def _write_plain_attention(weights: Weights, shape: Shape, arch: str) -> None:
    """llama, qwen2, granite_swa, where every other layer sees a window only, and deepseek, which has experts."""
    w, s = weights.writer, shape
    _write_common(w, s)
    heads_kv = max(1, s.n_head // 2)
    head = s.n_embd // s.n_head
    w.add_head_count_kv(heads_kv)
    w.add_rope_dimension_count(head)
    if arch == "deepseek":
        _write_expert_counts(w, s)
    if arch == "granite_swa":
        w.add_logit_scale(1.0)
        w.add_sliding_window(s.sliding_window)
        w.add_sliding_window_pattern([layer % 2 == 0 for layer in range(s.n_layer)])
    for layer in range(s.n_layer):
        b = f"blk.{layer}."
        weights.ones(b + "attn_norm.weight", s.n_embd)
        for part, rows in (("q", s.n_embd), ("k", heads_kv * head), ("v", heads_kv * head)):
            weights.matrix(f"{b}attn_{part}.weight", rows, s.n_embd)
            if arch == "qwen2":
                weights.zeros(f"{b}attn_{part}.bias", rows)
        if arch == "granite_swa":
            weights.zeros(b + "attn_sinks.weight", s.n_head)
        weights.matrix(b + "attn_output.weight", s.n_embd, s.n_embd, gain=weights.block_gain)
        if arch == "deepseek":
            _write_experts_or_dense(weights, s, layer, has_bias=False)
        else:
            weights.ones(b + "ffn_norm.weight", s.n_embd)
            _write_ffn(weights, b + "ffn_{}.weight", s.n_embd, s.n_ff)


def _write_expert_counts(w: GGUFWriter, s: Shape) -> None:
    w.add_expert_count(s.n_expert)
    w.add_expert_used_count(s.n_expert_used)
    w.add_expert_shared_count(1)
    w.add_expert_feed_forward_length(s.n_ff_exp)
    w.add_leading_dense_block_count(s.leading_dense)
    w.add_expert_weights_scale(1.0)


def _write_experts_or_dense(weights: Weights, s: Shape, layer: int, *, has_bias: bool) -> None:
    b = f"blk.{layer}."
    weights.ones(b + "ffn_norm.weight", s.n_embd)
    if layer < s.leading_dense:
        _write_ffn(weights, b + "ffn_{}.weight", s.n_embd, s.n_ff)
        return
    weights.writer.add_tensor(
        b + "ffn_gate_inp.weight",
        weights.random.standard_normal((s.n_expert, s.n_embd), dtype=np.float32) * np.float32(s.n_embd**-0.5),
    )
    if has_bias:
        weights.zeros(b + "exp_probs_b.bias", s.n_expert)
    _write_ffn(weights, b + "ffn_{}_exps.weight", s.n_embd, s.n_ff_exp, experts=s.n_expert)
    _write_ffn(weights, b + "ffn_{}_shexp.weight", s.n_embd, s.n_ff_exp)


def _write_ffn(weights: Weights, pattern: str, n_embd: int, n_ff: int, experts: int = 0) -> None:
    weights.matrix(pattern.format("gate"), n_ff, n_embd, experts=experts)
    weights.matrix(pattern.format("up"), n_ff, n_embd, experts=experts)
    weights.matrix(pattern.format("down"), n_embd, n_ff, gain=2 * weights.block_gain, experts=experts)


def _words(text: str) -> list[str]:
    """The text as tokens: words with the blank before them, punctuation alone."""
    words: list[str] = []
    for word in text.split():
        core = word.rstrip(".,;")
        words.append(" " + core if words else core)
        words += list(word[len(core) :])
    return words


def _byte_alphabet() -> dict[int, str]:
    """GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, encoder.py)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    alphabet = {b: chr(b) for b in printable}
    for b in range(256):
        alphabet.setdefault(b, chr(256 + len(alphabet) - len(printable)))
    return alphabet
