#!/bin/sh
# Once on a machine with a GPU: what the suite can only play is seen for real, and printed for docs/how-to/gpu.md.
# MODEL_SIZE and COMPUTE_TYPE choose the model whose memory is measured; its weights are fetched first.
set -eu
cd "$(dirname "$0")/.."
export VENV="${VENV:-.venv}"
export DEVICE=cuda MODEL_SIZE="${MODEL_SIZE:-large-v3}" COMPUTE_TYPE="${COMPUTE_TYPE:-float16}"
python="$VENV/bin/python"
step() {
    echo
    echo "== $*"
}

step "the driver"
nvidia-smi --query-gpu=index,name,uuid,driver_version,memory.total --format=csv

step "the environment: the tests' own and cuBLAS"
scripts/setup.sh dev
"$python" -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/worker-gpu.lock
LD_LIBRARY_PATH="$("$python" -c 'import nvidia.cublas as c; print(list(c.__path__)[0])')/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
"$python" -m pip list 2>/dev/null | grep -i -E '^(ctranslate2|faster-whisper|nvidia)'

step "no cuDNN is there (nothing but this line: none)"
ldconfig -p | grep -i cudnn || true
find "$VENV" -name 'libcudnn*' | head -n 3

step "what the doctor says (Redis need not run)"
"$python" -m stenopool.cli doctor || true

step "the tests that need a GPU"
"$python" -m pytest -q -m needs tests/gpu

step "weights of $MODEL_SIZE, and the memory that they take with $COMPUTE_TYPE"
"$python" -m worker.weights fetch "$MODEL_SIZE" >/dev/null
"$python" scripts/measure_gpu.py
