#!/bin/sh
# Prints the newest Python from 3.13 down to 3.11 on this machine: what the stand-in base image is made of.
for candidate in python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3 python3.12 python3.11 python3; do
    "$candidate" -c 'import sys, ssl, venv
sys.exit(sys.version_info < (3, 11))
' >/dev/null 2>&1 && "$candidate" -c 'import sys; print(sys.executable)' && exit 0
done
echo 'No Python 3.11 or newer was found.' >&2
exit 1
