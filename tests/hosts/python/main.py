"""A Python host: HOST FOLDER runs the models of the folder in every way and holds them to the outputs there, bit for bit. One line for each check."""

import array
import contextlib
import ctypes
import gc
import mmap
import pathlib
import sys
import threading

import rnn_runtime
from rnn_runtime import Model, RnnError, Status

failures = 0


@contextlib.contextmanager
def check(name):
    """The body ends without an exception."""
    global failures
    try:
        yield
        print("ok", name)
    except Exception as error:
        failures += 1
        print(f"FAILED {name}: {type(error).__name__}: {error}")


@contextlib.contextmanager
def fails(name, expected, *words):
    """The body ends with this status, or exception, and its text names these words."""
    global failures
    found = None
    try:
        yield
    except Exception as error:
        found = error
    status = found.status if isinstance(found, RnnError) else type(found)
    if status == expected and str(found) and all(word in str(found) for word in words):
        print("ok error:", name)
    else:
        failures += 1
        print(f"FAILED error: {name}: {status!r} '{found}' instead of {expected!r} with the words {words}")


class Recording:
    """A model with its input and its output of all steps, as raw bytes and as values."""

    def __init__(self, folder, name, code):
        self.name, self.code, self.path = name, code, folder / f"{name}.rnn"
        self.model = Model(self.path)
        self.input = array.array(code, (folder / f"{name}-input.{code}32").read_bytes())
        self.output = (folder / f"{name}-output.f32").read_bytes()
        self.input_size, self.output_size = self.model.inputs[0].element_count, self.model.outputs[0].element_count
        self.steps = len(self.input) // self.input_size
        if self.steps < 2 or len(self.output) != 4 * self.steps * self.output_size:
            raise ValueError(f"{name}: the recording has {len(self.input)} inputs and {len(self.output)} bytes of output")

    def steps_of(self, first, count):
        """Input of these steps, in the form that is tested: NumPy where it is, a view of an array elsewhere."""
        values = memoryview(self.input)[first * self.input_size:(first + count) * self.input_size]
        return values if rnn_runtime.numpy is None else rnn_runtime.numpy.asarray(values)

    def run(self, session, first=0, count=None, chunks=None):
        """The output's bytes of steps, chunk by chunk."""
        end, found, turn = self.steps if count is None else first + count, [], 0
        while first < end:
            length = min(end - first if chunks is None else chunks[turn % len(chunks)], end - first)
            found.append(bytes(memoryview(session.run(self.steps_of(first, length))).cast("B")))
            first, turn = first + length, turn + 1
        return b"".join(found)

    def same(self, found):
        if found != self.output:
            at = next((at for at in range(min(len(found), len(self.output))) if found[at] != self.output[at]), 0)
            raise AssertionError(f"{len(found)} bytes, of {len(self.output)}, differ at byte {at}, step {at // 4 // self.output_size}")


def check_runs(that):
    model, half, name = that.model, that.steps // 2, f"{that.name}, {'arrays' if rnn_runtime.numpy is None else 'NumPy'}"
    with check(f"{name}: one call"), model.create_session() as session:
        that.same(that.run(session))
    with check(f"{name}: step by step"), model.create_session() as session:
        that.same(that.run(session, chunks=[1]))
    with check(f"{name}: odd chunks"), model.create_session(chunk_length=4) as session:
        that.same(that.run(session, chunks=[3, 1, 7, 2, 5, 11]))
    with check(f"{name}: bytes in, a given buffer out"), model.create_session() as session:
        output = bytearray(len(that.output))
        if session.run(that.input.tobytes(), output) is not output:
            raise AssertionError("the given buffer was not returned")
        that.same(bytes(output))
    with check(f"{name}: shapes of results"), model.create_session(streams=2) as session:
        result = session.run(memoryview(array.array(that.code, [0]) * (3 * 2 * that.input_size)))
        expected = (3, 2, *model.outputs[0].dimensions) if rnn_runtime.numpy is not None else 3 * 2 * that.output_size
        if (result.shape if rnn_runtime.numpy is not None else len(result)) != expected:
            raise AssertionError(f"the result has another shape than {expected}")
    with check(f"{name}: input given, steps, output taken, by index and by name"), model.create_session(chunk_length=8) as session:
        found = b""
        for first in range(0, that.steps, 8):
            count, by_name = min(8, that.steps - first), first % 16 == 0
            session.set_input(model.inputs[0].name if by_name else 0, that.steps_of(first, count))
            session.run_inputs(count)
            found += bytes(memoryview(session.get_output(0 if by_name else model.outputs[0].name)).cast("B"))
        that.same(found)
    with check(f"{name}: reset and warm-up"), model.create_session() as session:
        that.run(session, 0, half)
        session.reset()
        that.same(that.run(session))
        session.warm_up(3)
        that.same(that.run(session))
        session.reset(0)
        that.same(that.run(session))
    with check(f"{name}: state saved and loaded"), model.create_session() as session, model.create_session(chunk_length=1) as other:
        begin = that.run(session, 0, half)
        state = session.save_state()
        that.same(begin + that.run(session, half))
        other.load_state(state)
        that.same(begin + that.run(other, half))
    with check(f"{name}: forked, both go on"), model.create_session() as session:
        begin = that.run(session, 0, half)
        with session.fork() as forked:
            that.same(begin + that.run(session, half))
            that.same(begin + that.run(forked, half, chunks=[5]))
    with check(f"{name}: in the caller's memory, forked into more of it"):
        info = model.session_info(chunk_length=4)
        memory, more = mmap.mmap(-1, info.memory_bytes), mmap.mmap(-1, info.memory_bytes)
        with model.create_session(chunk_length=4, memory=memory) as session:
            assert session.info == info and info.chunk_length == 4 and info.state_bytes > 0
            begin = that.run(session, 0, half)
            with session.fork(memory=more) as forked:
                session.close()
                memory.close()
                that.same(begin + that.run(forked, half, chunks=[3]))
        more.close()
    with check(f"{name}: the program of a session, without checks"), model.create_session() as session:
        if session.info.runs_natively:
            output, native = ctypes.create_string_buffer(len(that.output)), session.native_run()
            native.run(native.program, that.input.buffer_info()[0], output, that.steps)
            that.same(output.raw)
        else:
            try:
                session.native_run()
                raise AssertionError("a session that does not run natively gave its program")
            except RnnError as error:
                assert error.status == Status.NOT_NATIVE and session.info.managed_reason
    with check(f"{name}: state variables one by one, and carried"), model.create_session() as session, model.create_session() as by_name, \
            model.create_session() as carried:
        begin = that.run(session, 0, half)
        for index, state in enumerate(model.states):
            by_name.set_state(state.name, session.get_state(index))
        if session.carry_state_to(carried) != len(model.states) or not model.states:
            raise AssertionError("not all state variables were carried")
        that.same(begin + that.run(by_name, half))
        that.same(begin + that.run(carried, half))
    with check(f"{name}: a thread for each session"):
        results = [None] * 4

        def work(at):
            with model.create_session() as session:
                results[at] = that.run(session, chunks=[2])

        threads = [threading.Thread(target=work, args=(at,)) for at in range(len(results))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            that.same(result)


def check_models(cell, charlm):
    with check("what a model says of itself"):
        assert (cell.model.inputs[0].type, charlm.model.inputs[0].type) == ("float32", "int32") and charlm.model.inputs[0].index_limit > 0
        assert cell.model.info.weight_bytes > 0 and rnn_runtime.version().count(".") == 2
    with check("the names of statuses"):
        for status in Status:
            assert rnn_runtime.status_name(status) == f"RNN_{status.name}"
    with check("every kernel that can run gives the same bits"):
        kernels = [kernel for kernel in rnn_runtime.kernels() if kernel.is_available]
        assert cell.model.info.kernel in [kernel.name for kernel in kernels] and [kernel.is_default for kernel in kernels].count(True) == 1
        for kernel in kernels:
            with Model(cell.path, kernel=kernel.name) as model, model.create_session() as session:
                assert model.info.kernel == kernel.name
                cell.same(cell.run(session))
    with check("a model from memory, sessions outlive it"):
        session = Model(cell.path.read_bytes()).create_session()
        gc.collect()
        cell.same(cell.run(session))
        session.close()
        session.close()


def check_errors(folder, cell, charlm):
    session, language = cell.model.create_session(), charlm.model.create_session()
    one, floats = cell.steps_of(0, 1), array.array("f", [0]) * cell.input_size
    with fails("a file that is not there", Status.IO_ERROR, "nowhere.rnn"):
        Model(folder / "nowhere.rnn")
    with fails("bytes that are no model", Status.INVALID_MODEL):
        Model(b"these are not the bytes of a model")
    with fails("a model cut short", Status.INVALID_MODEL):
        Model(cell.path.read_bytes()[:-100])
    with fails("an unknown kernel", Status.UNKNOWN_KERNEL, "abacus", cell.model.info.kernel):
        Model(cell.path, kernel="abacus")
    with fails("threads below zero", Status.INVALID_ARGUMENT, "-1"):
        Model(cell.path, threads=-1)
    with fails("too many streams", Status.INVALID_ARGUMENT, "100000"):
        cell.model.create_session(streams=100000)
    with fails("an input of half a step", Status.WRONG_LENGTH):
        session.run(array.array("f", [0]) * (cell.input_size + 1), bytearray(4 * cell.output_size))
    with fails("an output too short", Status.WRONG_LENGTH):
        session.run(one, bytearray(4 * cell.output_size - 4))
    with fails("an output that cannot be written", BufferError):
        session.run(one, bytes(4 * cell.output_size))
    with fails("double values", TypeError, "'d'", "float32"):
        session.run(array.array("d", [0]) * cell.input_size)
    with fails("floats for tokens", TypeError, "'f'", "int32"):
        language.run(floats)
    with fails("a buffer with gaps", ValueError if rnn_runtime.numpy else BufferError, "contiguous"):
        values = array.array("f", [0]) * (2 * cell.input_size)
        session.run((rnn_runtime.numpy.asarray if rnn_runtime.numpy else memoryview)(values)[::2])
    with fails("bytes of half a value", ValueError, "3 bytes"):
        session.run(b"abc")
    with fails("a token out of range", Status.INVALID_ARGUMENT, "-7"):
        language.run(array.array("i", [-7]))
    with fails("steps without input", Status.NOT_READY):
        session.run_inputs(1)
    with fails("an output before a step", Status.NOT_READY):
        session.get_output(0)
    with fails("an index too large", IndexError, "9"):
        session.set_input(9, floats)
    with fails("an unknown name", KeyError, "nobody", cell.model.inputs[0].name):
        session.set_input("nobody", floats)
    with fails("the state of another model", Status.STATE_MISMATCH):
        session.load_state(b"U" * session.info.state_bytes)
    with fails("a state too short", Status.WRONG_LENGTH):
        session.load_state(b"abc")
    with fails("memory that is too small", Status.WRONG_LENGTH):
        cell.model.create_session(memory=mmap.mmap(-1, 1))
    with fails("memory that cannot be written", TypeError, "writable"):
        cell.model.create_session(memory=b"abc")
    with fails("a library that is not there", OSError, "nowhere.so"):
        Model(cell.path, library=folder / "nowhere.so")
    with fails("a session that was closed", Status.INVALID_HANDLE):
        closed = cell.model.create_session()
        closed.close()
        closed.run(one)
    with check("after all errors the bits are the same"):
        session.reset()
        language.reset()
        cell.same(cell.run(session))
        charlm.same(charlm.run(language))


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    folder = pathlib.Path(sys.argv[1])
    with check("the folder"):
        cell, charlm = Recording(folder, "cell", "f"), Recording(folder, "charlm", "i")
        installed = rnn_runtime.numpy
        if installed is None:
            print("skipped NumPy: it is not installed")
        check_models(cell, charlm)
        for rnn_runtime.numpy in dict.fromkeys((installed, None)):
            check_runs(cell)
            check_runs(charlm)
            check_errors(folder, cell, charlm)
    print(failures, "failed")
    sys.exit(min(failures, 1))


main()
