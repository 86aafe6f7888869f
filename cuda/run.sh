#!/usr/bin/env bash
# Checks and measures the course on a machine with an NVIDIA GPU, and writes the figures into benches/README.md.
#
#     cuda/run.sh [--quick] [--python PATH]
#
# Takes the programs that cuda/build.sh put into target/cuda/pack, here or on another machine; the libraries cublas and
# nvrtc of CUDA 13 come from CUDA_PATH, from target/cuda/toolkit, from /usr/local/cuda or from the PyTorch of PATH's python3
# (--python names another, which is also what the speed is measured beside).
#
#  1. Every operation on the GPU against the processor's, values and gradients; then DCGAN's speed beside PyTorch's.
#  2. Each stage trained for some steps: the first step's losses and gradients against those of the processor.
#  3. A run begun on the processor goes on on the GPU, and then on the processor again.
#  4. If cuda/build.sh --tests built them: the library's tests, whose stages and networks then are the GPU's.
#
# With GAN_COURSE_DEVICE=cpu the processor's program takes the GPU's place, to try the script itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=() python=python3
while (($#)); do
    case "$1" in
    --quick) quick=(--quick) ;;
    --python) python=${2:?--python needs a path} && shift ;;
    *) echo "cuda/run.sh: unknown option $1" >&2 && exit 2 ;;
    esac
    shift
done

pack=${GAN_COURSE_CUDA:-$PWD/target/cuda}/pack
if [[ ! -x $pack/gan-course ]]; then
    echo "cuda/run.sh: no programs in $pack; run cuda/build.sh here or on another machine, and bring that folder" >&2
    exit 1
fi
cpu=$pack/gan-course-cpu gpu=$pack/gan-course
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=()

if [[ ${GAN_COURSE_DEVICE:-} == cpu ]]; then
    gpu=$cpu
else
    # Folders whose headers the program includes at run time, where it was built to look for them.
    {
        read -r include
        if [[ ! -e $include/cuda_fp16.h ]]; then
            mkdir -p "$include"
            tar -C "$include" -xzf "$pack/include.tar.gz"
        fi
        while read -r folder; do
            mkdir -p "$folder"
            [[ -e $folder/cuda_utils.cuh ]] || cp "$pack"/*.cuh "$folder/"
        done
    } <"$pack/paths"
    site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' 2>/dev/null || true)
    for folder in "${CUDA_PATH:-/nowhere}/lib64" "$pack/../toolkit/lib" "$site/nvidia/cu13/lib" /usr/local/cuda/lib64; do
        if [[ -e $folder/libcublas.so.13 && -e $folder/libnvrtc.so.13 ]]; then
            export LD_LIBRARY_PATH=$folder:${LD_LIBRARY_PATH:-}
            break
        fi
    done
    nvidia-smi --query-gpu=name,compute_cap,driver_version --format=csv,noheader
fi
export MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_MMAP_THRESHOLD_=4294967296

# step NAME COMMAND...: goes on after a failure, so that one run tells all.
step() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" || { failed+=("$name") && echo "FAILED: $name"; }
}

train() {
    local program=$1
    shift
    # The GPU's program refuses --cpu; the processor's would look for a GPU without.
    local device=()
    [[ $program != "$cpu" ]] || device=(--cpu)
    "$program" train "${device[@]}" "$@" >"$scratch/said" 2>&1 || { tail -5 "$scratch/said" && return 1; }
}

stage() {
    train "$cpu" "$1" "${@:2}" --out "$scratch/cpu-$1" &&
        train "$gpu" "$1" "${@:2}" --out "$scratch/gpu-$1" &&
        "$python" cuda/compare.py "$scratch/cpu-$1/metrics.jsonl" "$scratch/gpu-$1/metrics.jsonl"
}

# An action that falls the other way by a rounding error makes another episode: only that all of it is finite.
actor() {
    train "$gpu" ppo --steps 5 --out "$scratch/gpu-ppo" &&
        "$python" cuda/compare.py --steps 5 "$scratch/gpu-ppo/metrics.jsonl"
}

resumed() {
    local run=$scratch/resumed
    train "$cpu" dcgan --data faces --size 32 --batch 8 --steps 3 --out "$run" &&
        train "$gpu" --resume "$run" --steps 6 &&
        train "$cpu" --resume "$run" --steps 9 &&
        "$python" cuda/compare.py --steps 9 "$run/metrics.jsonl"
}

beside=()
if "$python" -c 'import torch' 2>/dev/null; then
    beside=(--python "$python")
else
    echo "cuda/run.sh: $python has no PyTorch: speed is measured alone, and not written"
fi

step 'operations and speed' "$gpu" measure cuda --checkout "$PWD" "${quick[@]}" "${beside[@]}"
for name in density naive-generator gan plane; do
    step "$name" stage "$name" --steps 60
done
for name in dcgan cgan acgan wgan-gp vae; do
    step "$name" stage "$name" --batch 8 --steps 3
done
step 'ppo' actor
step 'from the processor to the GPU and back' resumed
if [[ -x $pack/tests && $gpu != "$cpu" ]]; then
    # Each thread would open the GPU anew.
    step 'tests' "$pack/tests" --test-threads 1 nn:: ops:: loss:: optim:: lessons::dcgan lessons::conditional lessons::vae \
        lessons::wasserstein lessons::gan metrics::
fi

if ((${#failed[@]})); then
    printf '\nFailed: %s\n' "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf '\nAll passed.\n'
