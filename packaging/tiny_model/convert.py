"""From PyTorch's weights to GGUF: `python convert.py FOLDER` reads tokenizer.json and weights.pt, writes tiny-f32.gguf and tiny-q8_0.gguf.

Also writes logits.json: what PyTorch computes for a few tokens, in F32, for comparing with llama.cpp (compare.py).
"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType, quantize
from model import Experts, Packed, TinyDeepSeek
from settings import BOS, END_THINK, EOS, NAME, PAD, SHAPE, SPECIAL_TOKENS, THINK

_TEMPLATE = Path(__file__).with_name("template.jinja")
_SIGMOID = 2  # llama.cpp's LLAMA_EXPERT_GATING_FUNC_TYPE_SIGMOID
# What the engine's own check of devices reads (launcher/engine/worker/device_check.py): a prompt, then single tokens.
_STRIDE, _N_PROMPT, _N_SINGLE = 7919, 40, 4


def main() -> None:
    """Converts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    model = TinyDeepSeek(SHAPE)
    model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    model.eval()
    vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    tensors = _tensors(model)
    for kind, file_type in (
        (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
        (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    ):
        path = folder / f"tiny-{kind.name.lower()}.gguf"
        _write(path, vocabulary, tensors, kind, file_type)
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    _write_logits(folder / "logits.json", model)


def _tensors(model: TinyDeepSeek) -> dict[str, np.ndarray]:
    """By their names in the file."""
    found = {
        "token_embd.weight": model.token_embd,
        "output_norm.weight": model.output_norm.weight,
        "output.weight": model.output,
    }
    for i, block in enumerate(model.blocks):
        attention, ffn = block.attn, block.ffn
        layer = {"attn_norm": block.attn_norm.weight, "ffn_norm": block.ffn_norm.weight}
        layer |= {"attn_q_a": attention.q_a, "attn_q_a_norm": attention.q_a_norm.weight, "attn_q_b": attention.q_b}
        layer |= {"attn_kv_a_mqa": attention.kv_a_mqa, "attn_kv_a_norm": attention.kv_a_norm.weight}
        layer |= {"attn_k_b": attention.k_b, "attn_v_b": attention.v_b, "attn_output": attention.output}
        if isinstance(ffn, Experts):
            layer |= {
                "ffn_gate_inp": ffn.gate_inp,
                "ffn_gate_exps": ffn.gate_exps,
                "ffn_up_exps": ffn.up_exps,
                "ffn_down_exps": ffn.down_exps,
            }
            layer |= {
                "ffn_gate_shexp": ffn.shared.gate,
                "ffn_up_shexp": ffn.shared.up,
                "ffn_down_shexp": ffn.shared.down,
            }
            found[f"blk.{i}.exp_probs_b.bias"] = ffn.exp_probs_b
        else:
            layer |= {"ffn_gate": ffn.gate, "ffn_up": ffn.up, "ffn_down": ffn.down}
        found |= {f"blk.{i}.{name}.weight": tensor for name, tensor in layer.items()}
    return {name: tensor.detach().numpy() for name, tensor in found.items()}


def _write(
    path: Path,
    vocabulary: dict[str, object],
    tensors: dict[str, np.ndarray],
    kind: GGMLQuantizationType,
    file_type: LlamaFileType,
) -> None:
    w = GGUFWriter(str(path), "deepseek2")
    s = SHAPE
    w.add_name(NAME)
    w.add_author("The launcher's authors")
    w.add_description(
        "A demonstration of the deepseek2 architecture, trained by the launcher project. Not a DeepSeek release."
    )
    w.add_license("MIT")
    w.add_languages(["en", "zh"])
    w.add_file_type(file_type)
    w.add_context_length(s.context_length)
    w.add_embedding_length(s.n_embd)
    w.add_block_count(s.n_layer)
    w.add_feed_forward_length(s.n_ff)
    w.add_head_count(s.n_head)
    w.add_head_count_kv(1)  # the compressed row is the only key head
    w.add_layer_norm_rms_eps(s.norm_eps)
    w.add_rope_freq_base(s.rope_base)
    w.add_rope_dimension_count(s.rope_dim)
    w.add_q_lora_rank(s.q_lora_rank)
    w.add_kv_lora_rank(s.kv_lora_rank)
    w.add_key_length(s.kv_lora_rank + s.rope_dim)
    w.add_value_length(s.kv_lora_rank)
    w.add_key_length_mla(s.nope_dim + s.rope_dim)
    w.add_value_length_mla(s.value_dim)
    w.add_leading_dense_block_count(s.n_layer_dense)
    w.add_expert_count(s.n_expert)
    w.add_expert_used_count(s.n_expert_used)
    w.add_expert_shared_count(s.n_expert_shared)
    w.add_expert_feed_forward_length(s.n_ff_exp)
    w.add_expert_weights_scale(s.expert_weights_scale)
    w.add_expert_weights_norm(True)
    w.add_uint32("deepseek2.expert_gating_func", _SIGMOID)
    w.add_vocab_size(s.n_vocab)
    _write_vocabulary(w, vocabulary)
    for name, tensor in tensors.items():
        # Norms, the router and its bias stay in F32, as in DeepSeek's own files.
        if tensor.ndim == 1 or "gate_inp" in name or kind == GGMLQuantizationType.F32:
            w.add_tensor(name, np.ascontiguousarray(tensor, dtype=np.float32))
        else:
            w.add_tensor(name, quantize(np.ascontiguousarray(tensor, dtype=np.float32), kind), raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def _write_vocabulary(w: GGUFWriter, vocabulary: dict[str, object]) -> None:
    ids: dict[str, int] = vocabulary["vocab"]  # type: ignore[assignment]
    merges: list[list[str] | str] = vocabulary["merges"]  # type: ignore[assignment]
    texts = sorted(ids, key=ids.__getitem__)
    # As in files of R1: the marks of a thought are text that the user may see, the rest is control.
    types = [
        TokenType.USER_DEFINED
        if i in (THINK, END_THINK)
        else TokenType.CONTROL
        if i < len(SPECIAL_TOKENS)
        else TokenType.NORMAL
        for i in range(len(texts))
    ]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("deepseek-v3")
    w.add_token_list(texts)
    w.add_token_types(types)
    w.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    w.add_bos_token_id(BOS)
    w.add_eos_token_id(EOS)
    w.add_pad_token_id(PAD)
    w.add_add_bos_token(True)
    w.add_add_eos_token(False)
    w.add_chat_template(_TEMPLATE.read_text("utf-8").strip())


def _write_logits(path: Path, model: TinyDeepSeek) -> None:
    """PyTorch's logits behind the prompt and behind each single token after it."""
    ids = [i * _STRIDE % SHAPE.n_vocab for i in range(_N_PROMPT + _N_SINGLE)]
    with torch.no_grad():
        rows = model(Packed.of([[ids]]))[_N_PROMPT - 1 :].numpy().astype("<f4")
    path.write_text(
        json.dumps(
            {"n_prompt": _N_PROMPT, "n_single": _N_SINGLE, "logits_f32": base64.b64encode(rows.tobytes()).decode()}
        )
    )


if __name__ == "__main__":
    main()
