#!/usr/bin/env bash
# Builds the course with feature `cuda` on a machine that needs neither a GPU nor a CUDA toolkit.
#
#     cuda/build.sh [--tests]
#
# Takes the toolkit from the Python package index (pinned in requirements.txt, 0.6 GB; x86-64 Linux), compiles dfdx's and
# the course's device code for compute capability 7.5 (every GPU from Turing, 2018, on: the driver compiles the rest when
# the program starts), and leaves in target/cuda/pack what run.sh needs on a machine with a GPU. --tests builds the
# library's tests too, which then run on the GPU. Needs Rust, a C++ compiler, python3 with venv, and 4 GB of disk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tests=
case "${1:-}" in
'') ;;
--tests) tests=1 ;;
*) echo "cuda/build.sh: unknown option $1; there is --tests" >&2 && exit 2 ;;
esac

# Both paths are compiled into the program, which reads headers there when it starts: run.sh makes them again.
work=${GAN_COURSE_CUDA:-$PWD/target/cuda}
toolkit=$work/toolkit
capability=${CUDA_COMPUTE_CAPABILITY:-7.5}

install_toolkit() {
    if cmp -s cuda/requirements.txt "$work/python/requirements.txt"; then
        return
    fi
    rm -rf "$work/python" "$toolkit"
    python3 -m venv "$work/python"
    "$work/python/bin/python" -m pip install --quiet --require-hashes --no-deps -r cuda/requirements.txt
    local packages
    packages=$("$work/python/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nvidia/cu13
    mkdir -p "$toolkit/bin" "$toolkit/lib" "$toolkit/include"
    ln -s "$packages/nvvm" "$toolkit/"
    ln -s "$packages"/bin/* "$toolkit/bin/"
    ln -s "$packages"/include/* "$toolkit/include/"
    # For GPUs below capability 8.0, dfdx 0.13 defines two functions that newer headers define too.
    rm "$toolkit/include/cuda_fp16.h"
    ln -s "$packages/include/cuda_fp16.h" "$toolkit/include/toolkit_cuda_fp16.h"
    printf '%s\n' '#include "toolkit_cuda_fp16.h"' \
        '#if __CUDA_ARCH__ < 800 && !defined(__hmax_nan)' \
        '#define __hmax_nan dfdx_hmax_nan' '#define __hmin_nan dfdx_hmin_nan' '#endif' >"$toolkit/include/cuda_fp16.h"
    # The linker looks for names without a version.
    local library
    for library in "$packages"/lib/lib*.so.*; do
        ln -s "$library" "$toolkit/lib/"
        ln -sf "$library" "$toolkit/lib/$(basename "${library%%.so.*}").so"
    done
    cp cuda/requirements.txt "$work/python/requirements.txt"
}

# The driver's library, for the linker alone: it has every name and does nothing. At run time the driver's own is loaded,
# and this one must not be found.
stub_driver() {
    grep -oE '\bcu[A-Z][A-Za-z0-9_]*' "$toolkit/include/cuda.h" | sort -u | sed 's/.*/void &(void) {}/' >"$work/driver.c"
    mkdir -p "$toolkit/lib64/stubs"
    "${CC:-cc}" -shared -fPIC -w -Wl,-soname,libcuda.so.1 -o "$toolkit/lib64/stubs/libcuda.so" "$work/driver.c"
}

# dfdx's build asks the driver's program which GPU there is.
shim_nvidia_smi() {
    mkdir -p "$work/shim"
    printf '#!/bin/sh\necho compute_cap\necho %s\n' "$capability" >"$work/shim/nvidia-smi"
    chmod +x "$work/shim/nvidia-smi"
}

pack() {
    local pack=$work/pack
    rm -rf "$pack"
    mkdir -p "$pack"
    strip -o "$pack/gan-course" "$work/target/release/gan-course"
    strip -o "$pack/gan-course-cpu" "$PWD/target/release/gan-course"
    if [[ -n $tests ]]; then
        strip -o "$pack/tests" "$1"
    fi
    printf '%s\n' "$capability" >"$pack/capability"
    printf '%s\n' "$toolkit/include" >"$pack/paths"
    # dfdx includes these when it compiles for the GPU it finds.
    tar -C "$toolkit/include/" -chzf "$pack/include.tar.gz" .
    for folder in "$work"/target/release/build/dfdx-*/out; do
        [[ -e $folder/cuda_utils.cuh ]] || continue
        printf '%s\n' "$folder" >>"$pack/paths"
    done
    find "$work"/target/release/build/dfdx-*/out -name '*.cuh' -exec cp {} "$pack/" \;
    echo "built: $(du -sh "$pack" | cut -f 1) in $pack; cuda/run.sh runs it on a machine with a GPU"
}

mkdir -p "$work"
# What the GPU's results are compared with.
CARGO_TARGET_DIR=$PWD/target cargo build --release --locked
install_toolkit
stub_driver
shim_nvidia_smi
export CUDA_PATH=$toolkit PATH=$work/shim:$toolkit/bin:$PATH
export CARGO_TARGET_DIR=$work/target
cargo build --release --locked --features cuda
program=
if [[ -n $tests ]]; then
    program=$(cargo test --release --locked --lib --no-run --features cuda --message-format=json |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)
fi
pack "$program"
