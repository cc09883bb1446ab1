#!/usr/bin/env bash
# Runs the kernel tests on an emulated AVX-512 processor.
#
#   tests/emulate.sh [-c MODEL] [-a] [-f TRAIT=VALUE] [-t SECONDS] [-e VAR=VALUE]... [-k DIR] [-- RUNNER-ARGUMENTS...]
#
#   -c MODEL        processor: tigerlake (default), corei7_icelake_u, corei7_skylake_x, or corei7_haswell_4770 (no AVX-512)
#                   with Bochs 3 also arrow_lake (AVX-VNNI, no AVX-512)
#   -a              any processor will do, and every kernel is tested: without it the run fails on one that lacks AVX-512, and tests the AVX-512 kernel alone
#   -f TRAIT=VALUE  which tests run (default Category=Kernels)
#   -t SECONDS      wall time after which the machine is stopped and the run failed (default 900)
#   -e VAR=VALUE    an environment variable of the test program; repeatable
#   -k DIR          keeps the console, the output and the logs in DIR
#
# The test program is published self-contained, put into an initial RAM disk beside busybox, and booted with Debian's cloud kernel in
# Bochs, which needs neither KVM nor AVX-512 in the host.
# The last line is `emulated on MODEL: N passed, N failed, N skipped`. The exit code is 0 only if a test passed and none failed.
#
# Needs: bochs bochs-term bochsbios vgabios busybox-static isolinux syslinux-common genisoimage cpio libssl3, and apt
# for the kernel, once.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
model=tigerlake require=1 kernels=avx512 filter=Category=Kernels limit=900 keep= memory=1024
variables=()
while getopts c:af:t:e:k: option; do
    case $option in
        c) model=$OPTARG ;;
        a) require=0 kernels= ;;
        f) filter=$OPTARG ;;
        t) limit=$OPTARG ;;
        e) variables+=("$OPTARG") ;;
        k) keep=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

fail() {
    echo "emulate: $*" >&2
    exit 1
}

for tool in bochs-bin busybox genisoimage cpio script dotnet; do
    command -v "$tool" > /dev/null || fail "$tool is not installed; the packages are named at the top of tests/emulate.sh"
done

if [ -n "$keep" ]; then
    mkdir -p "$keep"
    work=$(cd "$keep" && pwd)
    rm -rf "$work"/{guest,boot,*.log,*.txt}
else
    work=$(mktemp -d)
fi
emulator=
clean_up() {
    # Bochs ignores SIGTERM.
    [ -z "$emulator" ] || kill -KILL "$emulator" 2> /dev/null || true
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
publish=${RNNRUNTIME_EMULATION_ARTIFACTS:-$repository/artifacts/emulation}
MSBUILDDISABLENODEREUSE=1 dotnet publish "$repository/tests/RnnRuntime.Tests/RnnRuntime.Tests.csproj" -c Release -r linux-x64 --self-contained \
    -p:PublishReadyToRun=true --artifacts-path "$publish" -o "$publish/program" -p:UseSharedCompilation=false --nologo -v q >&2 \
    || fail "the test program does not publish"

guest=$work/guest
mkdir -p "$guest"/{bin,dev,proc,sys,tmp,etc,app} "$work/boot"
cp "$(command -v busybox)" "$guest/bin/busybox"
echo 'root:x:0:0:root:/tmp:/bin/sh' > "$guest/etc/passwd"
cp -a "$publish/program/." "$guest/app/"
# Debugger and tracing halves of the runtime: the boot reads every byte through an emulated disk.
rm -f "$guest"/app/{createdump,libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so,libclrgcexp.so,RnnRuntime.xml}
# What no kernel test loads: a peer's native library, and what draws the plots of reports.
rm -f "$guest"/app/{libonnxruntime.so,libonnxruntime_providers_shared.so,onnxruntime.dll,libSkiaSharp.so,libHarfBuzzSharp.so,ScottPlot.dll}

# Hashing makes .NET open OpenSSL, which ldd cannot see.
openssl=$(ldconfig -p | sed -nE 's|.*libssl\.so\.3 .*x86-64.* => (/.*)|\1|p' | head -n 1)
[ -n "$openssl" ] || fail "libssl.so.3 is not installed (package libssl3)"
programs_and_libraries() {
    find "$guest/app" -type f \( -perm -u+x -o -name '*.so' \) -print0
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

# One processor: no concurrent collector. Methods with loops are optimised at once, as unoptimised loops are slow to emulate.
{
    echo 'cd /app'
    for variable in HOME=/tmp PATH=/app:/bin LANG=C.UTF-8 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_gcConcurrent=0 \
        DOTNET_GCgen0size=0x4000000 DOTNET_TieredPGO=0 DOTNET_TC_QuickJitForLoops=0 DOTNET_EnableDiagnostics=0 \
        RNNRUNTIME_EMULATED=1 RNNRUNTIME_REQUIRE_AVX512=$require "RNNRUNTIME_TEST_KERNELS=$kernels" ${variables[@]+"${variables[@]}"}; do
        printf 'export %q\n' "$variable"
    done
    printf 'exec ./RnnRuntime.Tests'
    printf ' %q' -noLogo -noColor -noAutoReporters -parallelMode none -trait "$filter" "$@"
    echo
} > "$guest/etc/job"

# Serial lines: ttyS0 the console and the markers, ttyS1 the tests' output, ttyS2 their errors. Setting a line's speed again
# waits until what was written to it has left.
cat > "$guest/init" << 'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mkdir -p /dev/shm
/bin/busybox mount -t tmpfs tmp /dev/shm
for line in 1 2; do
    /bin/busybox stty -F /dev/ttyS$line 115200 raw -echo -crtscts clocal
done
echo "@@booted"
/bin/busybox sh /etc/job > /dev/ttyS1 2> /dev/ttyS2 < /dev/null
code=$?
for line in 1 2; do
    /bin/busybox stty -F /dev/ttyS$line 115200 > /dev/null
done
/bin/busybox sleep 0.2
echo "@@ended $code."
/bin/busybox sleep 0.2
/bin/busybox poweroff -f
INIT
chmod +x "$guest/init"
(cd "$guest" && find . | cpio -o -H newc --quiet) > "$work/boot/initrd"
cp "$kernel" "$work/boot/vmlinuz"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$work/boot/"

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
cat > "$work/boot/isolinux.cfg" << CONFIG
DEFAULT tests
PROMPT 0
LABEL tests
  KERNEL vmlinuz
  INITRD initrd
  APPEND ${parameters[*]}
CONFIG
genisoimage -quiet -o "$work/boot.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$work/boot"
rm -rf "$guest" "$work/boot"

cat > "$work/bochsrc.txt" << CONFIG
config_interface: textconfig
display_library: term
megs: $memory
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=$model, count=1, ips=25000000, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$work/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/console.log
com2: enabled=1, mode=file, dev=$work/output.txt
com3: enabled=1, mode=file, dev=$work/errors.txt
sound: waveoutdrv=dummy
speaker: enabled=0
log: $work/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
CONFIG

# Debian builds Bochs with its debugger, which is told to continue, and with ncurses as its only display, which wants a terminal:
# script(1) makes one. `exec` lets the shell's process number become the emulator's.
echo c > "$work/debugger.txt"
touch "$work"/{console.log,output.txt,errors.txt}
(cd "$work" && TERM=vt100 exec script -q -e -c 'echo $$ > process.txt; exec bochs-bin -q -f bochsrc.txt -rc debugger.txt' screen.log) \
    > /dev/null 2>&1 < /dev/null &
for _ in $(seq 50); do
    [ ! -s "$work/process.txt" ] || break
    sleep 0.1
done
[ -s "$work/process.txt" ] || fail "Bochs does not start"
emulator=$(cat "$work/process.txt")

code=
reason="the emulator stopped before the tests ended"
SECONDS=0
while kill -0 "$emulator" 2> /dev/null; do
    code=$(sed -nE 's/^@@ended ([0-9]+)\..*/\1/p' "$work/console.log")
    [ -z "$code" ] || break
    if grep -q 'Kernel panic' "$work/console.log"; then
        reason="the kernel panicked"
        break
    fi
    if [ "$SECONDS" -ge "$limit" ]; then
        reason="the tests did not end within $limit seconds"
        break
    fi
    sleep 0.5
done
[ -n "$code" ] || code=$(sed -nE 's/^@@ended ([0-9]+)\..*/\1/p' "$work/console.log")
elapsed=$SECONDS
kill -KILL "$emulator" 2> /dev/null || true
emulator=

tr -d '\r' < "$work/output.txt"
tr -d '\r' < "$work/errors.txt" >&2
if [ -z "$code" ]; then
    tail -n 15 "$work/console.log" "$work/bochs.log" >&2 2> /dev/null || true
    fail "$model: $reason"
fi

summary=$(tr -d '\r' < "$work/output.txt" | sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/p' | tail -n 1)
[ -n "$summary" ] || fail "$model: the test program ended with exit code $code and printed no summary"
read -r total errors failed skipped unrun <<< "$summary"
failed=$((failed + errors))
passed=$((total - failed - skipped - unrun))
if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
fi
echo "emulate: $elapsed s, exit code $code" >&2
echo "emulated on $model: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || fail "no test ran"
