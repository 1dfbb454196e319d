from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import VaultError
from gateway.vault import Vault, is_reference, read_secrets

RECORDED = Path(__file__).resolve().parents[1] / "conformance" / "kong-3.9.1.vault.json"
ENVIRONMENT = {
    "OPENAI_KEY": "sk-one",
    "OPENAI_KEY_PREVIOUS": "sk-zero",
    "KV_OPENAI_KEY": "sk-kv",
    "JSON_SECRET": '{"a": "sk-json", "n": 5, "flag": true, "deep": {"b": "c"}, "none": null, "dash-key": "dk"}',
    "LIST": "[1]",
    "PLAIN": "canary",
    "EMPTY": "",
    "LINE": "sk-line\n",
}
MY_ENV = {"prefix": "my-env", "name": "env", "config": {"prefix": "kv-"}}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{vault://env/openai-key}", "sk-one"),
        ("{vault://env/Openai-Key}", "sk-one"),
        ("{vault://env/OPENAI_KEY}", "sk-one"),
        ("{vault://env/openai-key#1}", "sk-one"),
        ("{vault://env/openai-key#2}", "sk-zero"),
        ("{vault://env/openai-key?prefix=KV_}", "sk-kv"),
        ("{vault://env/openai-key?ttl=60}", "sk-one"),
        ("{vault://env/kv-openai-key}", "sk-kv"),
        ("{vault://my-env/openai-key}", "sk-kv"),
        ("{vault://my-env/openai-key?prefix=}", "sk-one"),
        ("{vault://env/json-secret/a}", "sk-json"),
        ("{vault://env/json-secret/n}", "5"),
        ("{vault://env/json-secret/dash-key}", "dk"),
        ("{vault://env/line}", "sk-line"),
    ],
)
def test_references(reference: str, value: str) -> None:
    assert Vault(ENVIRONMENT, entities=[MY_ENV]).resolve(reference) == value


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("{vault://env/not-set}", "NOT_SET is not set in the gateway's environment"),
        ("{vault://env/empty}", "EMPTY is empty"),
        ("{vault://env/json-secret/nope}", "the JSON in JSON_SECRET has no 'nope'"),
        ("{vault://env/json-secret/deep}", "is neither text nor a number"),
        ("{vault://env/json-secret/deep/b}", "has no 'deep/b'"),
        ("{vault://env/json-secret/flag}", "is neither text nor a number"),
        ("{vault://env/json-secret/none}", "is neither text nor a number"),
        ("{vault://env/plain/key}", "PLAIN is not JSON, so it has no 'key'"),
        ("{vault://env/list/0}", "the JSON in LIST has no '0'"),
        ("{vault://env}", "it names no secret"),
        ("{vault://env/}", "it names no secret"),
        ("{vault://}", "it names no secret"),
        ("{vault://ENV/openai-key}", "there is no vault 'ENV' (names of vaults are lower-case), only: env, my-env"),
        ("{vault://other/openai-key}", "there is no vault 'other', only: env, my-env"),
        ("{vault://env/openai-key#3}", "version '3' is not kept"),
        ("sk-one", "is no vault reference"),
    ],
)
def test_what_cannot_be_resolved_is_an_error_that_names_the_reference(reference: str, why: str) -> None:
    with pytest.raises(VaultError) as caught:
        Vault(ENVIRONMENT, entities=[MY_ENV]).resolve(reference)
    assert reference in str(caught.value)
    assert why in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_prefix_of_the_node_is_for_env_only() -> None:
    vault = Vault(ENVIRONMENT, prefix="KV_", entities=[{"prefix": "plain-env", "config": {"prefix": None}}])
    assert vault.resolve("{vault://env/openai-key}") == "sk-kv"
    assert vault.resolve("{vault://plain-env/openai-key}") == "sk-one"


def test_the_file_wins_over_the_environment_and_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("OPENAI_KEY='sk-file'\n")
    vault = Vault(ENVIRONMENT, path)
    other = vault.with_entities([MY_ENV])
    assert vault.resolve("{vault://env/openai-key}") == other.resolve("{vault://env/openai-key}") == "sk-file"
    assert other.resolve("{vault://my-env/openai-key}") == "sk-kv"
    path.write_text("OPENAI_KEY='sk-rotated'\n")
    assert vault.resolve("{vault://env/openai-key}") == "sk-file"
    vault.reload()
    assert vault.resolve("{vault://env/openai-key}") == "sk-rotated"
    path.write_text("OPENAI_KEY='open")
    with pytest.raises(VaultError, match="never closes"):
        vault.reload()
    assert vault.resolve("{vault://env/openai-key}") == "sk-rotated"
    with pytest.raises(VaultError, match=f"NOT_SET is not set: add it to {path} or"):
        vault.resolve("{vault://env/not-set}")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("KEY='canary'\n")
    vault = Vault({"OTHER": "canary"}, path)
    assert "canary" not in repr(vault) + str(vault)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB='two words'\n", {"A": "1", "B": "two words"}),
        ("# comment\n\n  export A='x' # why\n", {"A": "x"}),
        ("A='it'\\''s'\n", {"A": "it's"}),
        ('A="say \\"hi\\" \\$x \\n"\n', {"A": 'say "hi" $x \\n'}),
        ("A=a#b\nC=\n", {"A": "a#b", "C": ""}),
        ("A='line one\nline two'\nB=2", {"A": "line one\nline two", "B": "2"}),
        ("\ufeffA=1\r\nB='2'\r\n", {"A": "1", "B": "2"}),
        ("A=x\nA=y\n", {"A": "y"}),
        ("A=$HOME'`ls`'\n", {"A": "$HOME`ls`"}),
        ("", {}),
    ],
)
def test_files_that_a_shell_could_read(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    path = tmp_path / "secrets"
    path.write_bytes(text.encode())
    assert read_secrets(path) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\ncanary\n", "line 2: expected NAME=value"),
        ("A = canary\n", "line 1: expected NAME=value"),
        ("1A=canary\n", "line 1: expected NAME=value"),
        ("A=1\nB='x\ny'\nC='canary\n", "line 4: the quote that opens here never closes"),
        ("A=can ary\n", "line 1: something follows the value of A"),
        ("export\n", "line 1: expected NAME=value"),
        ("export \n", "line 1: expected NAME=value"),
        ("'\n", "line 1: expected NAME=value"),
    ],
)
def test_files_that_it_could_not(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "secrets"
    path.write_text(text)
    with pytest.raises(VaultError) as caught:
        read_secrets(path)
    assert str(caught.value).startswith(f"{path}, {message}")
    assert "canary" not in str(caught.value)


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="does not exist"):
        read_secrets(tmp_path / "nothing")
    with pytest.raises(VaultError, match="cannot be read"):
        read_secrets(tmp_path)
    (tmp_path / "binary").write_bytes(b"A=\xff")
    with pytest.raises(VaultError, match="not UTF-8"):
        read_secrets(tmp_path / "binary")


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_what_is_quoted_for_a_shell_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("vault") / "secrets"
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()), newline="")
    assert read_secrets(path) == {
        name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in values.items()
    }


def test_a_real_shell_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("A='it'\\''s'\nB=\"x \\\"y\\\" \\$z\"\nexport C=a#b # no\nD='two\nlines'\n")
    script = 'set -a; . "$1"; for name in A B C D; do eval "printf \'%s\\0\' \\"\\$$name\\""; done'
    told = subprocess.run(["sh", "-c", script, "sh", str(path)], capture_output=True, text=True, check=True).stdout
    assert dict(zip("ABCD", told.split("\0"), strict=False)) == read_secrets(path)


def recorded() -> list[Any]:
    rows = json.loads(RECORDED.read_text())
    return [
        pytest.param(row, id=f"{number}-{row['name'][:50]}")
        for number, row in enumerate(rows)
        if row["config_status"] == 201 and is_reference(header_value(row))
    ]


def header_value(row: dict[str, Any]) -> Any:
    plugin = row["table"]["services"][0]["plugins"][0]
    return plugin["config"].get("auth", {}).get("header_value")


@pytest.mark.parametrize("case", recorded())
def test_as_recorded_of_kong_but_misses_are_errors(case: dict[str, Any]) -> None:
    vault = Vault(
        case["environment"], None, case["kong_env"].get("KONG_VAULT_ENV_PREFIX", ""), case["table"].get("vaults", ())
    )
    line = case["requests"][0]["upstream_got"][0]["raw_header_lines"][0]
    sent = line.removeprefix("Authorization: ")
    if sent.strip():
        assert vault.resolve(header_value(case)) == sent
    else:  # deviation: Kong sends an empty header
        with pytest.raises(VaultError):
            vault.resolve(header_value(case))
