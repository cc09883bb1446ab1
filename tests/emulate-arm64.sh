#!/usr/bin/env bash
# Runs the kernel tests on an emulated Arm64 processor, for the portable kernel alone (RNNRUNTIME_TEST_KERNELS names others).
#
#   tests/emulate-arm64.sh [RUNNER-ARGUMENTS...]
#
# QEMU's user mode runs the published test program. Needs: qemu-user libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross, and apt for
# OpenSSL, which hashing in .NET opens.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
artifacts=${RNNRUNTIME_EMULATION_ARTIFACTS:-$repository/artifacts/emulation-arm64}
program=$artifacts/program
[ $# -gt 0 ] || set -- -trait Category=Kernels

MSBUILDDISABLENODEREUSE=1 dotnet publish "$repository/tests/RnnRuntime.Tests/RnnRuntime.Tests.csproj" -c Release -r linux-arm64 --self-contained \
    --artifacts-path "$artifacts" -o "$program" -p:UseSharedCompilation=false --nologo -v q >&2

# Lists and packages of the other architecture stay out of this system's own.
if [ ! -e "$program/libssl.so.3" ]; then
    apt=$artifacts/apt
    mkdir -p "$apt"/{lists/partial,cache/archives/partial}
    options=(
        -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::status=/dev/null
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    )
    apt-get "${options[@]}" update >&2 || true
    (cd "$apt" && apt-get "${options[@]}" download libssl3:arm64 >&2)
    dpkg-deb -x "$apt"/libssl3_*.deb "$apt/tree"
    cp "$apt"/tree/usr/lib/aarch64-linux-gnu/lib{ssl,crypto}.so.3 "$program/"
fi

# QEMU does not see code change that is written through a second mapping, which is how .NET writes it by default.
export DOTNET_EnableWriteXorExecute=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 DOTNET_GCHeapHardLimit=0x20000000
export RNNRUNTIME_TEST_KERNELS=${RNNRUNTIME_TEST_KERNELS-portable}
cd "$program"
exec qemu-aarch64 -cpu neoverse-n1 -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$program" \
    ./RnnRuntime.Tests -noLogo -noColor -noAutoReporters -parallelMode none "$@"
