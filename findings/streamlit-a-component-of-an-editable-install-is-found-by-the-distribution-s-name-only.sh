#!/usr/bin/env bash
# Streamlit 1.67.0, st.components.v2 with files (`[tool.streamlit.component]`, asset_dir): the very same project, whose
# import package is not called like its distribution, offers its components when it is installed as a wheel and offers none
# when it is installed with `pip install -e`. Streamlit looks for the project's pyproject.toml among the installed files (a
# wheel that packs it has it there; an editable install lists none of the project's files) and then beside a module named
# like the distribution, its hyphens replaced; `top_level.txt` and direct_url.json, which say where the project lies, are
# not asked. So what works for users fails for whoever develops it, with "not declared with asset_dir", and a project
# of several import packages can serve its components in development only as inline strings.
# Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0 setuptools==80.9.0
for name in charts acme_dials; do # the distribution is called acme-dials both times
  mkdir -p "$work/$name/$name/assets"
  echo 'export default () => {};' > "$work/$name/$name/assets/dial.js"
  touch "$work/$name/$name/__init__.py"
  cat > "$work/$name/pyproject.toml" <<TOML
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "acme-dials"
version = "1.0"
dependencies = ["streamlit"]
[tool.setuptools]
packages = ["$name"]
[tool.setuptools.package-data]
$name = ["pyproject.toml", "assets/*"]
[[tool.streamlit.component.components]]
name = "dial"
asset_dir = "assets"
TOML
  cp "$work/$name/pyproject.toml" "$work/$name/$name/pyproject.toml"
done
found() { # how: what pip is told; prints the components that Streamlit finds
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall "$@"
  (cd "$work/venv" && "$work/venv/bin/python" - 2>/dev/null <<'PY'
from streamlit.components.v2 import manifest_scanner
print([one.name for manifest, _root in manifest_scanner.scan_component_manifests() for one in manifest.components])
PY
  )
}
wheel=$(found "$work/charts") editable=$(found -e "$work/charts") named=$(found -e "$work/acme_dials")
echo "package 'charts' of the distribution acme-dials, as a wheel: $wheel; editable: $editable"
echo "package 'acme_dials' of the distribution acme-dials, editable: $named"
[ "$wheel" = "['dial']" ]
[ "$editable" = "[]" ]
[ "$named" = "['dial']" ]
