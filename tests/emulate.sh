#!/usr/bin/env bash
# Runs the kernel tests, C and C#, and the shared library for C on emulated processors.
#
#   tests/emulate.sh [-c MODEL]... [-j MACHINES] [-f TRAIT=VALUE] [-t SECONDS] [-e VAR=VALUE]... [-k DIR] [-n PROGRAM] [-- RUNNER-ARGUMENTS...]
#
#   -c MODEL        one processor of the table below; repeatable (default: all)
#   -j MACHINES     how many machines run at once (default: all; each takes a core)
#   -f TRAIT=VALUE  which C# tests run (default: the category that the table gives the machine)
#   -t SECONDS      wall time after which a machine is stopped and its run failed (default 600)
#   -e VAR=VALUE    an environment variable of the test programs; repeatable. RNNRUNTIME_TEST_EFFORT= tries every size, as on a real processor
#   -k DIR          keeps the consoles, the outputs and the logs in DIR/MODEL
#   -n PROGRAM      the test program of the C kernels (default: the one that was built last)
#
# The test programs are put into an initial RAM disk beside busybox, that in C# published self-contained, and booted with Debian's cloud kernel
# in Bochs, which needs neither KVM nor AVX-512 in the host.
# A machine's last line is `emulated on MODEL: N passed, N failed, N skipped`. The exit code is 0 only if on every machine tests passed, and none
# failed or was skipped: a machine is chosen for its tests.
#
# Needs the C kernels and the native hosts, which `dotnet cake --target=Hosts` builds (cake's target Emulate does so by itself), and:
# bochs bochs-term bochsbios vgabios busybox-static isolinux syslinux-common genisoimage cpio libssl3, and apt for the
# kernel, once.
set -euo pipefail

# The processors. FEATURES: all that it has of avx2, avx512, avx512vnni and avxvnni. VARIANTS: what is tested on it, which is what the library
# chooses there, the best in C# and the best in C; or - for nothing. MISSING: every variant that it must refuse, with a reason; names that the library does not
# know count for nothing. TESTS: the category of C# tests, or - for none; a processor whose kernels every other one can run is there for the dispatch.
# LIBRARY: the kernel that the shared library for C takes there by itself, or lacks=WHAT where it must say that it cannot run for lack of WHAT.
machines() {
    #    MODEL                      FEATURES                VARIANTS               MISSING                                 TESTS     LIBRARY
    echo tigerlake                  avx2,avx512,avx512vnni  avx512,c-avx512vnni    avxvnni                                 Kernels   c-avx512vnni
    echo corei7_skylake_x           avx2,avx512             avx512,c-avx512        c-avx512vnni,avxvnni                    Kernels   c-avx512
    echo corei7_haswell_4770        avx2                    avx2,c-avx2            avx512,c-avx512vnni,c-avx512,avxvnni    Dispatch  c-avx2
    echo corei7_sandy_bridge_2600k  -                       -                      c-avx512vnni,c-avx512,c-avx2            -         lacks=AVX2
}

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
filter= limit=600 keep= native_tests= memory=768 at_once=99
models=() variables=()
while getopts c:j:f:t:e:k:n: option; do
    case $option in
        c) models+=("$OPTARG") ;;
        j) at_once=$OPTARG ;;
        f) filter=$OPTARG ;;
        t) limit=$OPTARG ;;
        e) variables+=("$OPTARG") ;;
        k) keep=$OPTARG ;;
        n) native_tests=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ "${#models[@]}" -gt 0 ] || mapfile -t models < <(machines | cut -d ' ' -f 1)

fail() {
    echo "emulate: $*" >&2
    exit 1
}

source "$repository/tests/emulation/report.sh"

for model in "${models[@]}"; do
    machines | grep -q "^$model " || fail "there is no machine $model, only $(machines | cut -d ' ' -f 1 | paste -s -d ' ')"
done
for tool in bochs-bin busybox genisoimage cpio script dotnet; do
    command -v "$tool" > /dev/null || fail "$tool is not installed; the packages are named at the top of tests/emulate.sh"
done

if [ -z "$native_tests" ]; then
    # One with sanitizers does not run there.
    native_tests=$(find "$repository/artifacts/native-builds" -path '*-sanitized' -prune -o -name rnnkernels-tests -type f -printf '%T@ %p\n' 2> /dev/null \
        | sort -rn | sed -n '1s/^[^ ]* //p')
fi
[ -x "$native_tests" ] || fail "the C kernels are not built: run dotnet cake --target=Hosts first"
library_host=$repository/artifacts/hosts/c-processor
[ -x "$library_host" ] || fail "the shared library for C or its host is not built: run dotnet cake --target=Hosts first"

if [ -n "$keep" ]; then
    mkdir -p "$keep"
    work=$(cd "$keep" && pwd)
    rm -rf "$work"/{guest,initrd,tests} "${models[@]/#/$work/}"
else
    work=$(mktemp -d)
fi
clean_up() {
    # Bochs ignores SIGTERM.
    for process in "$work"/*/process.txt; do
        [ ! -s "$process" ] || kill -KILL "$(cat "$process")" 2> /dev/null || true
    done
    [ -n "$keep" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' TERM INT

# The kernel is unpacked once per user.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rnnruntime-emulation
kernel=$cache/vmlinuz
find_kernel_package() { apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -nE 's/.*Depends: (linux-image-.*)/\1/p'; }
if [ ! -s "$kernel" ]; then
    package=$(find_kernel_package || true)
    if [ -z "$package" ]; then
        apt-get -q update >&2
        package=$(find_kernel_package || true)
    fi
    [ -n "$package" ] || fail "apt knows no linux-image-cloud-amd64"
    mkdir -p "$cache" "$work/package"
    # apt's download user cannot write here, which apt only warns of.
    (cd "$work/package" && { apt-get -q download "$package" || { apt-get -q update && apt-get -q download "$package"; }; } >&2)
    dpkg-deb -x "$work/package"/*.deb "$work/package/tree"
    cp "$work/package/tree/boot"/vmlinuz-* "$kernel.$$"
    mv "$kernel.$$" "$kernel"
    rm -rf "$work/package"
fi

# Its own artifacts folder: publishing for one runtime identifier would otherwise disturb the ordinary build's restore.
publish=$repository/artifacts/emulation
rm -rf "$publish/program"
MSBUILDDISABLENODEREUSE=1 dotnet publish "$repository/tests/RnnRuntime.KernelTests/RnnRuntime.KernelTests.csproj" -c Release -r linux-x64 \
    --self-contained --artifacts-path "$publish" -o "$publish/program" -p:UseSharedCompilation=false --nologo -v q >&2 \
    || fail "the test program does not publish"

guest=$work/guest
mkdir -p "$guest"/{bin,dev,proc,sys,tmp,etc,native/models,app}
cp "$(command -v busybox)" "$guest/bin/busybox"
echo 'root:x:0:0:root:/tmp:/bin/sh' > "$guest/etc/passwd"
cp -a "$publish/program/." "$guest/app/"
# Debugger and tracing halves of the runtime, and what nothing loads: the guest copies every byte of its RAM disk.
rm -f "$guest"/app/{createdump,libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so,libclrgc.so,libclrgcexp.so,*.xml,*.pdb}
cp "$native_tests" "$guest/native/rnnkernels-tests"
cp "$library_host" "$guest/native/c-processor"
cp "$repository/tests/golden/gru-reset-after-20x33-2layer.rnn" "$guest/native/models/cell.rnn"
cp "$repository/src/RnnRuntime.Cli/Models/charlm.rnn" "$guest/native/models/charlm.rnn"
"$library_host" "$guest/native/models" write || fail "the shared library does not compute here what the machines compare with"

# Hashing makes .NET open OpenSSL, which ldd cannot see.
openssl=$(ldconfig -p | sed -nE 's|.*libssl\.so\.3 .*x86-64.* => (/.*)|\1|p' | head -n 1)
[ -n "$openssl" ] || fail "libssl.so.3 is not installed (package libssl3)"
programs_and_libraries() {
    find "$guest/app" "$guest/native" -type f \( -perm -u+x -o -name '*.so' \) -print0
    printf '%s\0' "$openssl"
}
needed_libraries() {
    echo "$openssl"
    { programs_and_libraries | xargs -0 -n 1 ldd 2> /dev/null || true; } | sed -nE 's|^[^/]*(/[^ ]+) \(0x[0-9a-f]+\)$|\1|p'
}
needed_libraries | sort -u | while read -r library; do
    case $library in
        "$guest"/*) ;;
        *)
            mkdir -p "$guest$(dirname "$library")"
            cp -L "$library" "$guest$library"
            ;;
    esac
done

export_variables() { for variable; do printf 'export %q\n' "$variable"; done; }

# What differs between machines comes from the kernel's command line as environment variables. The library runs without those that make the C# tests fast.
# One processor: no concurrent collector. Methods with loops are optimised at once, as unoptimised loops are slow to emulate.
{
    export_variables HOME=/tmp PATH=/native:/app:/bin LANG=C.UTF-8 ${variables[@]+"${variables[@]}"}
    cat << 'JOB'
cd /native
./rnnkernels-tests --quick $NATIVE_SETS
echo "native exit code $?"
./c-processor models $LIBRARY
echo "library ${LIBRARY%% *} exit code $?"
if [ "${LIBRARY%% *}" = runs ]; then
    RNNRUNTIME_KERNEL=no-such-kernel ./c-processor models unknown
    echo "library unknown exit code $?"
fi
[ -n "$TESTS" ] || exit 0
cd /app
JOB
    export_variables DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_gcConcurrent=0 DOTNET_GCgen0size=0x4000000 DOTNET_TieredPGO=0 \
        DOTNET_TC_QuickJitForLoops=0 DOTNET_EnableDiagnostics=0 DOTNET_EnableWriteXorExecute=0 \
        RNNRUNTIME_TEST_EFFORT=small ${variables[@]+"${variables[@]}"}
    printf 'exec ./RnnRuntime.KernelTests'
    printf ' %q' -noLogo -noColor -noAutoReporters -parallelMode none "$@"
    printf ' -trait "$TESTS"'
    echo
} > "$guest/etc/job"

cp "$repository/tests/emulation/init" "$guest/init"
chmod +x "$guest/init"
# Two archives, of which a machine without C# tests takes the first alone.
(cd "$guest" && find . -path ./app -prune -o -print | cpio -o -H newc --quiet) > "$work/initrd"
(cd "$guest" && find ./app | cpio -o -H newc --quiet) > "$work/tests"
rm -rf "$guest"

# clearcpuid hides from the kernel, not from programs, what Bochs 2.7 gets wrong: XSAVEC and XSAVES (321, 323) and protection keys
# (515, 516) are reported inconsistently, which would make the kernel turn AVX off; its use of fast short REP MOVSB (580) hangs;
# 124 (APERF/MPERF) floods the log. The initcalls left out take long and serve hardware or security that a test run has not.
parameters=(
    rdinit=/init console=ttyS0,115200 quiet panic=0 nosmp
    clearcpuid=124,321,323,515,516,580
    mitigations=off nokaslr ibt=off audit=0 apparmor=0 nowatchdog random.trust_cpu=on
    lpj=100000 tsc=reliable no_timer_check idle=halt rcupdate.rcu_expedited=1 cryptomgr.notests
    initcall_blacklist=load_system_certificate_list,init_evm,init_ima,tpm_init,inet6_init,cubictcp_register
)

# make_machine MODEL FEATURES VARIANTS MISSING TESTS LIBRARY: everything that it boots with, in its folder.
make_machine() {
    local home=$work/$1 missing=$4 tests='' archives=initrd
    mkdir -p "$home/boot"
    if [ "$5" != - ]; then
        tests=${filter:-Category=$5}
        archives=initrd,tests
        ln "$work/tests" "$home/boot/tests"
    fi
    cp "$kernel" "$home/boot/vmlinuz"
    ln "$work/initrd" "$home/boot/initrd"
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$home/boot/"
    cat > "$home/boot/isolinux.cfg" << CONFIG
DEFAULT tests
PROMPT 0
LABEL tests
  KERNEL vmlinuz
  INITRD $archives
  APPEND ${parameters[*]} RNNRUNTIME_EMULATED_FEATURES=$2 RNNRUNTIME_TEST_KERNELS=$3 RNNRUNTIME_MISSING_KERNELS=$missing TESTS=$tests "NATIVE_SETS=$(native_sets "$3,$missing")" "LIBRARY=$(library_run "$6" "$missing")"
CONFIG
    genisoimage -quiet -o "$home/boot.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$home/boot"
    rm -rf "$home/boot"
    cat > "$home/bochsrc.txt" << CONFIG
config_interface: textconfig
display_library: term
megs: $memory
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=$1, count=1, ips=25000000, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$home/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$home/console.log
com2: enabled=1, mode=file, dev=$home/output.txt
com3: enabled=1, mode=file, dev=$home/errors.txt
sound: waveoutdrv=dummy
speaker: enabled=0
log: $home/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
CONFIG
}

# library_run LIBRARY MISSING: the arguments of the library's host (tests/hosts). No variant in C# has 512 bits there: the library is not compiled for them.
library_run() {
    case $1 in
        lacks=*) echo "lacks ${1#lacks=}" ;;
        *) echo "runs $1 avx512 ${2//,/ }" ;;
    esac
}

# run_machine MODEL VARIANTS MISSING TESTS LIBRARY: boots it, waits for its end and prints what it printed.
run_machine() {
    local model=$1 home=$work/$1 code='' reason="the emulator stopped before the tests ended"
    # Debian builds Bochs with its debugger, which is told to continue, and with ncurses as its only display, which wants a terminal:
    # script(1) makes one. `exec` lets the shell's process number become the emulator's.
    echo c > "$home/debugger.txt"
    touch "$home"/{console.log,output.txt,errors.txt}
    (cd "$home" && TERM=vt100 exec script -q -e -c 'echo $$ > process.txt; exec bochs-bin -q -f bochsrc.txt -rc debugger.txt' screen.log) \
        > /dev/null 2>&1 < /dev/null &
    for _ in $(seq 50); do
        [ ! -s "$home/process.txt" ] || break
        sleep 0.1
    done
    [ -s "$home/process.txt" ] || fail "$model: Bochs does not start"
    local emulator start=$SECONDS
    emulator=$(cat "$home/process.txt")
    while kill -0 "$emulator" 2> /dev/null; do
        ! grep -qE '^@@ended [0-9]+\.' "$home/console.log" || break
        if grep -q 'Kernel panic' "$home/console.log"; then
            reason="the kernel panicked"
            break
        fi
        if [ $((SECONDS - start)) -ge "$limit" ]; then
            reason="the tests did not end within $limit seconds"
            break
        fi
        sleep 0.5
    done
    code=$(sed -nE 's/^@@ended ([0-9]+)\..*/\1/p' "$home/console.log")
    kill -KILL "$emulator" 2> /dev/null || true
    : > "$home/process.txt"

    echo "== $model"
    tr -d '\r' < "$home/output.txt"
    tr -d '\r' < "$home/errors.txt" >&2
    if [ -z "$code" ]; then
        tail -n 15 "$home/console.log" "$home/bochs.log" >&2 2> /dev/null || true
        fail "$model: $reason"
    fi
    echo "emulate: $model took $((SECONDS - start)) s, exit code $code"
    report "$@" "$code" "$(tr -d '\r' < "$home/output.txt")"
}

broken=0
for model in "${models[@]}"; do
    read -r _ features variants missing tests library < <(machines | grep "^$model ")
    make_machine "$model" "$features" "$variants" "$missing" "$tests" "$library"
    [ "$(jobs -rp | wc -l)" -lt "$at_once" ] || wait -n || broken=1
    # Its output comes in one piece, as machines run side by side.
    (
        code=0
        (run_machine "$model" "$variants" "$missing" "$tests" "$library") > "$work/$model/report.txt" 2>&1 || code=$?
        cat "$work/$model/report.txt"
        exit "$code"
    ) &
done
while [ -n "$(jobs -p)" ]; do
    wait -n || broken=1
done
exit "$broken"
