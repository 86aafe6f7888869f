#!/usr/bin/env bash
# Checks and measures the course on a machine with an NVIDIA GPU, and writes the figures into benches/README.md.
#
#     cuda/run.sh [--quick] [--python PATH] [--only PART]... [--headline]
#
# Takes the programs that cuda/build.sh put into target/cuda/pack, here or on another machine; the libraries cublas and
# nvrtc of CUDA 13 come from CUDA_PATH, from target/cuda/toolkit, from the PyTorch of PATH's python3 (--python names
# another, which is also what the speed is measured beside), from /usr/local/cuda or from where the system has them.
#
#  operations  Every operation on the GPU against the processor's, values and gradients.
#  stages      Each stage trained for some steps: the first step's losses and gradients against those of the processor.
#  resumed     A run begun on the processor goes on on the GPU, and then on the processor again.
#  speed       DCGAN's speed and memory beside PyTorch's; with the operations again, what benches/README.md is to hold.
#  tests       If cuda/build.sh --tests built them: the library's tests, whose stages and networks then are the GPU's.
#  headline    With --headline: 3,051 epochs of 20 images at 128×128, from the first to the last, however long it takes.
#
# --only runs these parts alone (it may be given again), --quick is shorter and writes nothing. A part that fails or
# hangs doesn't stop the others. With GAN_COURSE_DEVICE=cpu the processor's program takes the GPU's place, to try the
# script itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

refuse() {
    echo "cuda/run.sh: $1" >&2
    exit "${2:-1}"
}

quick=() python=python3 parts=() headline=
while (($#)); do
    case "$1" in
    --quick) quick=(--quick) ;;
    --python) python=${2:?--python needs a path} && shift ;;
    --only) parts+=("${2:?--only needs a part}") && shift ;;
    --headline) headline=1 ;;
    *) refuse "unknown option $1" 2 ;;
    esac
    shift
done
for part in "${parts[@]}"; do
    [[ " operations stages resumed speed tests headline " == *" $part "* ]] ||
        refuse "no part is called $part; there are operations, stages, resumed, speed, tests and headline" 2
done
((${#parts[@]})) || parts=(operations stages resumed speed tests)
[[ -z $headline ]] || parts+=(headline)
"$python" -c '' || refuse "$python doesn't run; --python names a python3"

pack=${GAN_COURSE_CUDA:-$PWD/target/cuda}/pack
[[ -x $pack/gan-course && -x $pack/gan-course-cpu ]] ||
    refuse "no programs in $pack; run cuda/build.sh here or on another machine, and bring that folder"
cpu=$pack/gan-course-cpu gpu=$pack/gan-course
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$cpu" --version >/dev/null || refuse "$cpu doesn't run on this machine"

# Folders whose headers the program includes at run time, where it was built to look for them.
place_headers() {
    local include folder
    {
        read -r include
        mkdir -p "$include" || return 1
        [[ -e $include/cuda_fp16.h ]] || tar -C "$include" -xzf "$pack/include.tar.gz" || return 1
        while read -r folder; do
            mkdir -p "$folder" || return 1
            [[ -e $folder/cuda_utils.cuh ]] || cp "$pack"/*.cuh "$folder/" || return 1
        done
    } <"$pack/paths"
}

find_libraries() {
    local site folder missing
    site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    for folder in "${CUDA_PATH:-/nowhere}"/{lib64,lib} "$pack/../toolkit/lib" "$site/nvidia/cu13/lib" /usr/local/cuda/lib64; do
        if [[ -e $folder/libcublas.so.13 && -e $folder/libnvrtc.so.13 ]]; then
            libraries=$folder
            break
        fi
    done
    missing=$(LD_LIBRARY_PATH=${libraries:+$libraries:}${LD_LIBRARY_PATH:-} ldd "$gpu" |
        sed -n 's/^\s*\(.*\) => not found.*/\1/p' | paste -sd ' ' || true)
    [[ -z $missing ]] || refuse "the program's libraries are not here: $missing. libcuda comes with the driver, the others
with CUDA 13: set CUDA_PATH to its folder, or --python to a python3 whose PyTorch is for CUDA 13"
}

# What is known to go wrong is said before; the parts are tried all the same.
describe_gpu() {
    local built=(0 0) has most
    command -v nvidia-smi >/dev/null || refuse 'no nvidia-smi on PATH: is the driver installed?'
    nvidia-smi --query-gpu=name,compute_cap,driver_version,memory.total --format=csv,noheader ||
        refuse 'nvidia-smi finds no GPU'
    [[ ! -e $pack/capability ]] || IFS=. read -ra built <"$pack/capability"
    while IFS=. read -ra has; do
        ((10 * has[0] + has[1] >= 10 * built[0] + built[1])) ||
            echo "cuda/run.sh: a GPU of capability ${has[0]}.${has[1]} can't run what was built for ${built[0]}.${built[1]}:" \
                'build anew with CUDA_COMPUTE_CAPABILITY set to it'
    done < <(nvidia-smi --query-gpu=compute_cap --format=csv,noheader)
    most=$(nvidia-smi | sed -nE 's/.*CUDA (UMD )?Version: *([0-9]+).*/\2/p' | head -1)
    ((${most:-13} >= 13)) || echo "cuda/run.sh: this driver can do CUDA $most, the programs are of 13: install driver 580 or newer"
}

libraries=
if [[ ${GAN_COURSE_DEVICE:-} == cpu ]]; then
    gpu=$cpu
else
    place_headers || refuse "the program reads headers in the folders of $pack/paths, and they can't be made"
    find_libraries
    describe_gpu
fi
export MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_MMAP_THRESHOLD_=4294967296

# PyTorch brings libraries of its own: what the program needs is not for its python3.
outside=${LD_LIBRARY_PATH:-}
printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$outside" "$(command -v "$python")" >"$scratch/python"
chmod +x "$scratch/python"

# with SECONDS COMMAND...: a program of the course, which is ended where it hangs.
with() {
    local status=0
    LD_LIBRARY_PATH=${libraries:+$libraries:}$outside timeout --foreground -k 10 "$@" || status=$?
    case $status in
    124 | 137) echo "cuda/run.sh: ended after $1 s" ;;
    esac
    return "$status"
}

passed=() failed=()
# step NAME COMMAND...: goes on after a failure, so that one run tells all.
step() {
    local name=$1 since=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        passed+=("$name")
    else
        failed+=("$name")
        echo "FAILED: $name"
    fi
    echo "== $name: $((SECONDS - since)) s"
}

train() {
    local program=$1
    shift
    # The GPU's program refuses --cpu; the processor's would look for a GPU without.
    local device=()
    [[ $program != "$cpu" ]] || device=(--cpu)
    with 300 "$program" train "${device[@]}" "$@" >"$scratch/said" 2>&1 || {
        echo "$program train $*"
        tail -20 "$scratch/said"
        return 1
    }
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

stages() {
    local name
    for name in density naive-generator gan plane; do
        step "$name" stage "$name" --steps 60
    done
    for name in dcgan cgan acgan wgan-gp vae; do
        step "$name" stage "$name" --batch 8 --steps 3
    done
    step 'ppo' actor
}

speed() {
    local beside=()
    if "$scratch/python" -c 'import torch' 2>/dev/null; then
        beside=(--python "$scratch/python")
    else
        echo "$python has no PyTorch: speed is measured alone"
    fi
    with 1500 "$gpu" measure cuda --checkout "$PWD" "${quick[@]}" "${beside[@]}"
}

tests() {
    if [[ ! -x $pack/tests ]]; then
        printf '\nNo tests in %s: cuda/build.sh --tests builds them.\n' "$pack"
    elif [[ $gpu == "$cpu" ]]; then
        printf '\nNo tests: they are the GPU'"'"'s.\n'
    else
        # Each thread would open the GPU anew; and what breaks the GPU's state breaks it for the rest of its process.
        local name
        for name in nn:: ops:: loss:: optim:: lessons::{dcgan,conditional,vae,wasserstein,gan}:: metrics::; do
            step "tests of ${name%::}" with 600 "$pack/tests" --test-threads 1 "$name"
        done
    fi
}

for part in "${parts[@]}"; do
    case $part in
    operations) step 'operations' with 300 "$gpu" measure cuda --checkout "$PWD" --only operations ;;
    stages) stages ;;
    resumed) step 'from the processor to the GPU and back' resumed ;;
    speed) step 'speed' speed ;;
    tests) tests ;;
    # No limit: it takes what it takes.
    headline) step 'headline' with 0 "$gpu" measure cuda-headline --checkout "$PWD" "${quick[@]}" ;;
    esac
done

listed() { printf '\n%s:' "$1" && printf ' %s;' "${@:2}" && echo; }
listed 'Passed' "${passed[@]}"
if ((${#failed[@]})); then
    listed 'Failed' "${failed[@]}"
    exit 1
fi
printf 'All passed.\n'
