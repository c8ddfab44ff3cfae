"""Files that go with a message: real ones are read, hostile ones are refused with a reason."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.attachments import Attachment, AttachmentKind
from launcher.chat.attachments_read import read_attachment
from launcher.chat.conversation import Maker
from launcher.chat.turns import build_turns
from launcher.core.errors import UserError
from launcher.services import file_child

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_BODY = (
    "<w:p><w:r><w:t>First </w:t></w:r><w:r><w:t>line 无</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "<w:p><w:r><w:t>x</w:t><w:tab/><w:t>y</w:t><w:instrText>HIDDEN</w:instrText></w:r></w:p>"
)


def _docx(path: Path, xml: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", xml)
    return path


def pdf_of(*pages: str) -> bytes:
    """A PDF with a line of text on each page, written by hand."""
    n = len(pages)
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(n))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {n}>>"]
    for i, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        font = "<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {4 + 2 * i} 0 R/Resources{font}>>")
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{p:010d} 00000 n \n".encode() for p in places)
    out.write(f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "kind", "text"),
    [
        ("a.txt", "Grüße\r\n".encode(), AttachmentKind.TEXT, "Grüße\r\n"),
        ("a.md", b"\xef\xbb\xbf# Title", AttachmentKind.MARKDOWN, "# Title"),
        ("a.csv", b"a,b\n1,2\n", AttachmentKind.TABLE, "a,b\n1,2\n"),
        ("a.py", b"print(1)\n", AttachmentKind.SOURCE, "print(1)\n"),
        ("old.txt", "Grüße".encode("cp1252"), AttachmentKind.TEXT, "Grüße"),
        ("wide.txt", "无理数".encode("utf-16"), AttachmentKind.TEXT, "无理数"),
    ],
)
def test_files_of_text(tmp_path: Path, name: str, data: bytes, kind: AttachmentKind, text: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert read_attachment(tmp_path / name) == Attachment(name, text, kind, len(data))


def test_a_docx_document(tmp_path: Path) -> None:
    path = _docx(tmp_path / "a.docx", f"<w:document {_W}><w:body>{_BODY}</w:body></w:document>")
    found = read_attachment(path)
    assert (found.text, found.kind) == ("First line 无\na \tb\nx\ty", AttachmentKind.DOCX)


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"error": 1}', b'{"error": {"what": {"say": "{x}", "with": {}}}}'])
def test_an_answer_that_is_none_is_a_failure(answer: bytes) -> None:
    with pytest.raises(UserError) as caught:
        file_child._result(answer, -9, "Killed")
    assert caught.value.code == "file_work_failed"
    assert "-9" in caught.value.why


def test_hostile_files_are_refused_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.chat.attachments_docx._MOST_XML_BYTES", 100_000)
    monkeypatch.setattr("launcher.chat.attachments_read.MOST_CHARS", 1000)
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    files = {
        "picture.png": (b"\x89PNG\r\n\x1a\n\x00\x00" * 9, "attachment_not_text"),
        "noise.bin": (bytes(range(1, 256)) * 4, "attachment_not_text"),
        "empty.txt": (b" \n", "attachment_empty"),
        "long.txt": (b"x" * 1001, "attachment_too_large"),
        "scan.pdf": (pdf_of(""), "attachment_empty"),
        "cut.pdf": (pdf_of("Coin")[:120], "attachment_unreadable"),
        "bomb.docx": (_docx(tmp_path / "z", b" " * 5_000_000).read_bytes(), "attachment_too_large"),
        "laughs.docx": (_docx(tmp_path / "z", f"{laughs}<w:t {_W}>&b;</w:t>").read_bytes(), "attachment_unreadable"),
        "broken.docx": (_docx(tmp_path / "z", "<w:t").read_bytes(), "attachment_unreadable"),
        "torn.docx": (_docx(tmp_path / "z", "<a/>").read_bytes()[:60], "attachment_unreadable"),
    }
    for name, (data, code) in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError) as caught:
            read_attachment(tmp_path / name)
        assert caught.value.code == code, name
        assert name in caught.value.what
    with pytest.raises(UserError):
        read_attachment(tmp_path / "missing.txt")


def test_the_model_gets_the_text_between_marks_before_the_question() -> None:
    make = Maker()
    question = make.user_message("How many?", None, (Attachment("a.csv", "1,2"),))
    answer = replace(make.answer(question.id, "m", ""), text="Two.")
    alone = make.user_message("", answer.id, (Attachment("b.txt", "b"),))
    turns = build_turns((question, answer, alone))
    assert turns[0].content == "[file name]: a.csv\n[file content begin]\n1,2\n[file content end]\nHow many?"
    assert turns[2].content == "[file name]: b.txt\n[file content begin]\nb\n[file content end]"
