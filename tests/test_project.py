"""Rules on the project itself: how it is packed, how long its files are, what it leaves undone."""

import os
import re
import statistics
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.template_text import bare_words, bare_words_under

ROOT = Path(__file__).parents[1]
_LONGEST = 300
_MEDIAN = 100


def _sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def _succeeds(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target]
    _succeeds(*build, ROOT, cwd=ROOT)
    return next(target.glob("*.whl"))


@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_the_wheel_holds_all_that_the_checkout_runs_on(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    static = (ROOT / "idp/web/static").rglob("*")
    wanted = {str(path.relative_to(ROOT)) for path in (*_sources("idp"), *static) if path.is_file()}
    for folder in ("templates", "migrations"):
        wanted |= {
            f"idp/_shipped/{path.relative_to(ROOT)}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    assert wanted - packed == set()


@pytest.mark.slow
@pytest.mark.xdist_group("wheel")
def test_an_installed_wheel_answers_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    # The dependencies are lent by the environment of the tests; the package itself is not.
    lent = [path for path in sys.path if "site-packages" in path]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = home / "lib" / version / "site-packages"
    installer = ["-m", "pip", "--python", scripts / "python", "install", "--quiet", "--no-deps"]
    _succeeds(sys.executable, *installer, "--no-index", wheel, cwd=tmp_path)
    # Plain entries of a .pth file come after the package and do not follow .pth files themselves,
    # so that an editable install of the checkout stays out of sight.
    (packages / "lent.pth").write_text("\n".join(lent) + "\n")

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = "import idp, pathlib; print(pathlib.Path(idp.__file__).resolve())"
    told = _succeeds(scripts / "python", "-c", where, cwd=elsewhere, PYTHONPATH="")
    assert Path(told.strip()).is_relative_to(packages.resolve())
    assert "Usage: idp" in _succeeds(scripts / "idp", "--help", cwd=elsewhere, PYTHONPATH="")

    data = tmp_path / "data"
    data.mkdir()
    settings = {"IDP_DATA_DIR": str(data), "IDP_ISSUER": "http://localhost:8000", "PYTHONPATH": ""}
    _succeeds(scripts / "idp", "migrate", cwd=elsewhere, **settings)


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in _sources("idp")
    }
    assert {name: n for name, n in lengths.items() if n > _LONGEST} == {}
    written = [n for n in lengths.values() if n]
    assert statistics.median(written) < _MEDIAN


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
    passed_over = re.compile(r"\bpytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")
    found = []
    for path in _sources("idp", "tests", "bench", "migrations"):
        if "node_modules" in path.parts or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if later.search(line) or passed_over.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize(
    "template",
    [
        "<h1>Sign in</h1>",
        "<p>{{ _('Hello') }} there</p>",
        '<img alt="A key">',
        '<input placeholder="Name">',
        '<button aria-label="Close {{ name }}">→</button>',
        '<input type="submit" value="Go">',
        "{% if a %}yes{% endif %}",
        '{% macro named(a) %} title="A key"{% endmacro %}',
    ],
)
def test_a_bare_word_in_a_template_is_found(template: str) -> None:
    assert bare_words(template)


@pytest.mark.parametrize(
    "template",
    [
        "<h1>{{ _('Sign in') }}</h1>",
        '<img alt="{{ _("A key") }}" src="{{ url }}">',
        "{# a word #}<!-- a word --><p>{{ name }} · {{ 12 }} &nbsp;/ 30</p>",
        "{% trans %}Hello{% endtrans %}",
        '<style nonce="{{ nonce }}">a { color: red }</style>',
        '<a class="button {{ kind }}" href="/x?{{ query }}">{{ _("Go on") }}</a>',
        '{% macro named(a) %} aria-describedby="form-error {{ a }}"{% endmacro %}',
        '<body class="{% block page_class %}wide{% endblock %}">',
        '<input value="{{ value }}" {% if bad %}aria-invalid="true"{% endif %}>',
    ],
)
def test_what_is_translated_or_unseen_is_no_bare_word(template: str) -> None:
    assert bare_words(template) == []


def test_every_word_of_a_template_can_be_translated() -> None:
    assert bare_words_under(ROOT / "templates") == []


def test_the_page_of_requirements_is_current() -> None:
    _succeeds(sys.executable, "-m", "tests.requirements_page", "--check", cwd=ROOT)
