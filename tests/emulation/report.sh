# For tests/emulate.sh: what became of the tests of one machine. Needs its function fail.

# native_sets VARIANTS: the names of C variants, which the C test program takes.
native_sets() { tr , '\n' <<< "$1" | sed -n '/^c-/p' | paste -s -d ' '; }

# report MODEL VARIANTS MISSING TESTS LIBRARY EXIT-CODE OUTPUT: the counts of all test programs.
report() {
    local passed=0 failed=0 skipped=0 total errors unrun summary model=$1 code=$6 output=$7
    if [ "$4" != - ]; then
        summary=$(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/p' <<< "$output" | tail -n 1)
        [ -n "$summary" ] || fail "$1: the C# test program ended with exit code $code and printed no summary"
        read -r total errors failed skipped unrun <<< "$summary"
        failed=$((failed + errors))
        passed=$((total - failed - skipped - unrun))
        [ "$passed" -gt 0 ] || fail "$1: no C# test ran"
    fi
    if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi

    # The programs in C count comparisons, which would drown the tests: each run is one test here.
    c_test() {
        if grep -qE "^$2[1-9][0-9]* $3$" <<< "$output" && grep -qx "$1 exit code 0" <<< "$output"; then
            passed=$((passed + 1))
        else
            echo "emulate: $model: $1 failed" >&2
            failed=$((failed + 1))
        fi
    }
    local set
    c_test native '' 'passed, 0 failed'
    for set in $(native_sets "$2"); do
        grep -q "^set $set:" <<< "$output" || fail "$1: the C kernels do not run $set, which this processor has"
    done
    for set in $(native_sets "$3"); do
        grep -q "^SKIPPED set $set:" <<< "$output" || fail "$1: the C kernels do not refuse $set, which this processor lacks"
    done
    case $5 in
        lacks=*) c_test 'library lacks' 'lacks: ' 'checks, 0 failed' ;;
        *)
            c_test 'library runs' 'runs: ' 'checks, 0 failed'
            c_test 'library unknown' 'unknown: ' 'checks, 0 failed'
            ;;
    esac
    echo "emulated on $1: $passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$skipped" -eq 0 ]
}
