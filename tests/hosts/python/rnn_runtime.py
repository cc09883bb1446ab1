"""RnnRuntime for Python: ctypes over rnn_runtime.h, which says what each function does. Python 3.9, no other dependency.

    import rnn_runtime

    with rnn_runtime.Model("model.rnn") as model, model.create_session() as session:
        output = session.run(samples)

Values are given as anything with a buffer, without a copy: NumPy arrays and array.array of float32 ('f') or int32 ('i'), or raw bytes of them. They are laid out
[time step][stream][shape]. Results are NumPy arrays where NumPy is installed and flat array.array elsewhere; every function that makes one also takes the
buffer to write to, and then returns it. A failed call is an RnnError. A call releases the interpreter's lock; a session takes one thread at a time.

The library is the argument `library`, or the environment variable RNNRUNTIME_LIBRARY, or what the system's loader finds.
"""

import array
import contextlib
import ctypes
import enum
import functools
import os
import sys
import typing

try:
    import numpy
except ImportError:
    numpy = None

ABI_VERSION = 1


class Status(enum.IntEnum):
    OK = 0
    INVALID_ARGUMENT = 1
    INVALID_HANDLE = 2
    WRONG_LENGTH = 3
    WRONG_TYPE = 4
    BUSY = 5
    NOT_READY = 6
    IO_ERROR = 7
    INVALID_MODEL = 8
    UNKNOWN_KERNEL = 9
    OUT_OF_MEMORY = 10
    UNSUPPORTED_PROCESSOR = 11
    STATE_MISMATCH = 12
    NOT_NATIVE = 13
    INTERNAL_ERROR = 14


class RnnError(Exception):
    """What was found and what was expected; `status` is a Status."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = Status(status) if status in list(Status) else status


class KernelInfo(typing.NamedTuple):
    name: str
    description: str
    is_available: bool
    unavailable_reason: typing.Optional[str]
    is_native: bool
    is_default: bool


class TensorInfo(typing.NamedTuple):
    name: str
    type: str  # 'float32' or 'int32'
    dimensions: tuple  # of one step of one stream
    element_count: int
    index_limit: int


class ModelInfo(typing.NamedTuple):
    weight_bytes: int
    kernel: str
    has_golden: bool
    threads: int


class NativeRun(typing.NamedTuple):
    """run(program, input, output, time_steps), with addresses: nothing is checked. For other native code; valid as long as the session."""

    program: int
    run: typing.Callable


class SessionInfo(typing.NamedTuple):
    streams: int
    chunk_length: int
    runs_natively: bool
    memory_bytes: int
    memory_alignment: int
    arena_bytes: int
    state_bytes: int
    managed_reason: typing.Optional[str]


def _struct(name, /, **fields):
    """A struct of the header: struct_size and these fields, in this order."""
    return type(name, (ctypes.Structure,), {"_fields_": [("struct_size", _U32), *fields.items()]})


_U32, _I32, _I64, _U64, _SIZE = ctypes.c_uint32, ctypes.c_int32, ctypes.c_int64, ctypes.c_uint64, ctypes.c_size_t
_TEXT, _POINTER = ctypes.c_char_p, ctypes.c_void_p
_RUN = ctypes.CFUNCTYPE(None, _POINTER, _POINTER, _POINTER, _I32)
_KernelInfo = _struct("_KernelInfo", is_available=_I32, name=_TEXT, description=_TEXT, unavailable_reason=_TEXT, is_native=_I32, is_default=_I32)
_ModelOptions = _struct("_ModelOptions", threads=_I32, kernel=_TEXT, verify_golden=_I32, reserved=_I32)
_ModelInfo = _struct("_ModelInfo", input_count=_I32, output_count=_I32, state_count=_I32, weight_bytes=_I64, kernel=_TEXT, has_golden=_I32, threads=_I32)
_TensorInfo = _struct("_TensorInfo", type=_I32, name=_TEXT, dimensions=ctypes.POINTER(_I32), rank=_I32, element_count=_I32, index_limit=_I32, reserved=_I32)
_SessionOptions = _struct("_SessionOptions", streams=_I32, chunk_length=_I32, reserved=_I32)
_SessionInfo = _struct("_SessionInfo", streams=_I32, chunk_length=_I32, runs_natively=_I32, memory_bytes=_U64, memory_alignment=_U64, arena_bytes=_U64,
                       state_bytes=_U64, managed_reason=_TEXT)
_NativeRun = _struct("_NativeRun", reserved=_I32, program=_POINTER, run=_RUN)

# What gives no status: the result, the parameters.
_OTHERS = {
    "rnn_abi_version": (_U32, ()),
    "rnn_version": (_TEXT, ()),
    "rnn_status_name": (_TEXT, (_I32,)),
    "rnn_last_error": (_TEXT, ()),
}

_FUNCTIONS = {
    "rnn_start": (),
    "rnn_kernel_count": (_POINTER,),
    "rnn_kernel_at": (_I32, _POINTER),
    "rnn_model_load": (_TEXT, _POINTER, _POINTER),
    "rnn_model_load_memory": (_POINTER, _SIZE, _POINTER, _POINTER),
    "rnn_model_free": (_POINTER,),
    "rnn_model_get_info": (_POINTER, _POINTER),
    "rnn_model_get_input": (_POINTER, _I32, _POINTER),
    "rnn_model_get_output": (_POINTER, _I32, _POINTER),
    "rnn_model_get_state": (_POINTER, _I32, _POINTER),
    "rnn_model_get_session_info": (_POINTER, _POINTER, _POINTER),
    "rnn_session_create": (_POINTER, _POINTER, _POINTER),
    "rnn_session_create_in": (_POINTER, _POINTER, _POINTER, _SIZE, _POINTER),
    "rnn_session_fork": (_POINTER, _POINTER),
    "rnn_session_fork_in": (_POINTER, _POINTER, _SIZE, _POINTER),
    "rnn_session_free": (_POINTER,),
    "rnn_session_get_info": (_POINTER, _POINTER),
    "rnn_session_run": (_POINTER, _POINTER, _SIZE, _POINTER, _SIZE),
    "rnn_session_run_int32": (_POINTER, _POINTER, _SIZE, _POINTER, _SIZE),
    "rnn_session_set_input": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_set_input_int32": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_run_inputs": (_POINTER, _I32),
    "rnn_session_get_output": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_get_output_int32": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_warm_up": (_POINTER, _I32),
    "rnn_session_reset": (_POINTER,),
    "rnn_session_reset_stream": (_POINTER, _I32),
    "rnn_session_save_state": (_POINTER, _POINTER, _SIZE),
    "rnn_session_load_state": (_POINTER, _POINTER, _SIZE),
    "rnn_session_get_state": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_set_state": (_POINTER, _I32, _POINTER, _SIZE),
    "rnn_session_carry_state": (_POINTER, _POINTER, _POINTER),
    "rnn_session_get_native_run": (_POINTER, _POINTER),
}


@functools.lru_cache(maxsize=None)
def _load(path):
    library = ctypes.CDLL(path)
    for name, (result, types) in _OTHERS.items():
        function = getattr(library, name)
        function.argtypes, function.restype = types, result
    if library.rnn_abi_version() != ABI_VERSION:
        raise OSError(f"{path} has version {library.rnn_abi_version()} of the interface; expected {ABI_VERSION}")

    def check(status, function, arguments):
        if status != Status.OK:
            raise RnnError(status, library.rnn_last_error().decode())

    for name, types in _FUNCTIONS.items():
        function = getattr(library, name)
        function.argtypes, function.restype, function.errcheck = types, _I32, check
    library.rnn_start()
    return library


def _library(path):
    suffix = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    return _load(os.fspath(path or os.environ.get("RNNRUNTIME_LIBRARY") or f"librnnruntime.{suffix}"))


def _session_info(info):
    return SessionInfo(info.streams, info.chunk_length, bool(info.runs_natively), info.memory_bytes, info.memory_alignment, info.arena_bytes, info.state_bytes,
                       _text(info.managed_reason))


def _text(value):
    return None if value is None else value.decode()


def _get(function, struct, *arguments):
    info = struct(struct_size=ctypes.sizeof(struct))
    function(*arguments, ctypes.byref(info))
    return info


def version(library=None):
    """The library's version, as in '0.1.0'."""
    return _library(library).rnn_version().decode()


def status_name(status, library=None):
    """As in 'RNN_OK'."""
    return _library(library).rnn_status_name(status).decode()


def kernels(library=None):
    """KernelInfo of all kernels, best first."""
    library, count = _library(library), _I32()
    library.rnn_kernel_count(ctypes.byref(count))
    infos = [_get(library.rnn_kernel_at, _KernelInfo, index) for index in range(count.value)]
    return [KernelInfo(_text(info.name), _text(info.description), bool(info.is_available), _text(info.unavailable_reason), bool(info.is_native), bool(info.is_default))
            for info in infos]


class _Buffer(ctypes.Structure):
    """Py_buffer."""

    _fields_ = [("buf", _POINTER), ("obj", _POINTER), ("len", ctypes.c_ssize_t), ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int),
                ("ndim", ctypes.c_int), ("format", _TEXT), ("shape", _POINTER), ("strides", _POINTER), ("suboffsets", _POINTER), ("internal", _POINTER)]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes, _get_buffer.restype = (ctypes.py_object, ctypes.POINTER(_Buffer), ctypes.c_int), ctypes.c_int
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes, _release_buffer.restype = (ctypes.POINTER(_Buffer),), None
_WRITABLE, _FORMAT, _C_CONTIGUOUS = 0x1, 0x4, 0x38
_FORMATS = {"float32": ("f",), "int32": ("i", "l")}


@contextlib.contextmanager
def _values(values, element_type, writable=False):
    """Address and count of the values in a buffer, while it cannot move."""
    buffer = _Buffer()
    _get_buffer(values, ctypes.byref(buffer), _FORMAT | _C_CONTIGUOUS | (_WRITABLE if writable else 0))
    try:
        code = (buffer.format or b"B").decode().lstrip("@=<" if sys.byteorder == "little" else "@=>!")
        raw = code in ("B", "b", "c")
        if not raw and (code not in _FORMATS[element_type] or buffer.itemsize != 4):
            raise TypeError(f"The values have the format '{code}' of {buffer.itemsize} bytes; expected {element_type} values or bytes of them.")
        if buffer.len % 4 != 0:
            raise ValueError(f"{buffer.len} bytes are given; expected {element_type} values of 4 bytes each.")
        yield buffer.buf, buffer.len // 4
    finally:
        _release_buffer(ctypes.byref(buffer))


def _new(element_type, shape):
    if numpy is not None:
        return numpy.empty(shape, element_type)
    count = functools.reduce(lambda product, extent: product * extent, shape, 1)
    return array.array(_FORMATS[element_type][0], bytes(4 * count))


class _Owner:
    """A handle that is freed once: by close, the end of a with block, or with the object."""

    def __init__(self, library, free):
        self._library, self._handle, self._free = library, _POINTER(), free

    def close(self):
        handle = self._handle
        if handle.value is not None:
            self._free(handle)
            self._handle = _POINTER()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if hasattr(self, "_handle"):
            with contextlib.suppress(RnnError):
                self.close()


class Model(_Owner):
    """Weights and plan of a .rnn file (a path, or the bytes of one), for any number of sessions and threads.

    kernel: None for the best. threads: that share large layers. verify_golden: whether to hold the model to the golden output in its file.
    `inputs`, `outputs` and `states` are lists of TensorInfo.
    """

    def __init__(self, source, kernel=None, threads=1, verify_golden=False, library=None):
        loaded = _library(library)
        super().__init__(loaded, loaded.rnn_model_free)
        options = _ModelOptions(ctypes.sizeof(_ModelOptions), threads, None if kernel is None else kernel.encode(), int(verify_golden), 0)
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            loaded.rnn_model_load_memory(data, len(data), ctypes.byref(options), ctypes.byref(self._handle))
        else:
            loaded.rnn_model_load(os.fsencode(source), ctypes.byref(options), ctypes.byref(self._handle))
        info = self._info()
        self.inputs = self._tensors(loaded.rnn_model_get_input, info.input_count)
        self.outputs = self._tensors(loaded.rnn_model_get_output, info.output_count)
        self.states = self._tensors(loaded.rnn_model_get_state, info.state_count)

    @property
    def info(self):
        info = self._info()
        return ModelInfo(info.weight_bytes, _text(info.kernel), bool(info.has_golden), info.threads)

    def session_info(self, streams=1, chunk_length=0):
        """The SessionInfo of a session with these options, before one is made."""
        options = _SessionOptions(ctypes.sizeof(_SessionOptions), streams, chunk_length, 0)
        return _session_info(_get(self._library.rnn_model_get_session_info, _SessionInfo, self._handle, ctypes.byref(options)))

    def create_session(self, streams=1, chunk_length=0, memory=None):
        """A Session in its initial state; it may outlive the model.

        memory: a writable buffer that it is to live in (session_info has its size and alignment), which nobody else touches until the session is closed.
        """
        session = Session(self._library, self.inputs, self.outputs, self.states)
        options = _SessionOptions(ctypes.sizeof(_SessionOptions), streams, chunk_length, 0)
        session._make(self._library.rnn_session_create, self._library.rnn_session_create_in, memory, self._handle, ctypes.byref(options))
        return session

    def _info(self):
        return _get(self._library.rnn_model_get_info, _ModelInfo, self._handle)

    def _tensors(self, get, count):
        infos = [_get(get, _TensorInfo, self._handle, index) for index in range(count)]
        return [TensorInfo(_text(info.name), ("float32", "int32")[info.type], tuple(info.dimensions[:info.rank]) if info.rank else (), info.element_count,
                           info.index_limit) for info in infos]


class Session(_Owner):
    """One or more streams that advance together; made by Model.create_session. Inputs, outputs and states are named by index or by name."""

    def __init__(self, library, inputs, outputs, states):
        super().__init__(library, library.rnn_session_free)
        self.inputs, self.outputs, self.states = inputs, outputs, states
        self._steps, self._memory = 1, None

    def _make(self, make, make_in, memory, *arguments):
        if memory is None:
            make(*arguments, ctypes.byref(self._handle))
            return
        # It holds the buffer where it is.
        view = (ctypes.c_char * memoryview(memory).nbytes).from_buffer(memory)
        make_in(*arguments, ctypes.addressof(view), len(view), ctypes.byref(self._handle))
        self._memory = view

    def close(self):
        super().close()
        self._memory = None

    @property
    def info(self):
        return _session_info(_get(self._library.rnn_session_get_info, _SessionInfo, self._handle))

    def run(self, input, output=None):
        """Runs as many steps as the input holds, of a model with one input and one output, and returns the output."""
        into, out = self.inputs[0], self.outputs[0]
        with _values(input, into.type) as (data, count):
            if output is None:
                streams = self.info.streams
                output = _new("float32", (count // (streams * into.element_count), streams, *out.dimensions))
            run = self._library.rnn_session_run if into.type == "float32" else self._library.rnn_session_run_int32
            with _values(output, "float32", writable=True) as (results, result_count):
                run(self._handle, data, count, results, result_count)
        return output

    def set_input(self, which, data):
        index, tensor = _find(which, self.inputs, "input")
        function = self._library.rnn_session_set_input if tensor.type == "float32" else self._library.rnn_session_set_input_int32
        with _values(data, tensor.type) as (address, count):
            function(self._handle, index, address, count)

    def run_inputs(self, time_steps=1):
        self._library.rnn_session_run_inputs(self._handle, time_steps)
        self._steps = time_steps

    def get_output(self, which, output=None):
        index, tensor = _find(which, self.outputs, "output")
        function = self._library.rnn_session_get_output if tensor.type == "float32" else self._library.rnn_session_get_output_int32
        output = _new(tensor.type, (self._steps, self.info.streams, *tensor.dimensions)) if output is None else output
        with _values(output, tensor.type, writable=True) as (address, count):
            function(self._handle, index, address, count)
        return output

    def warm_up(self, time_steps=1):
        self._library.rnn_session_warm_up(self._handle, time_steps)

    def reset(self, stream=None):
        """All streams, or one, into the initial state."""
        if stream is None:
            self._library.rnn_session_reset(self._handle)
        else:
            self._library.rnn_session_reset_stream(self._handle, stream)

    def save_state(self):
        state = ctypes.create_string_buffer(self.info.state_bytes)
        self._library.rnn_session_save_state(self._handle, state, len(state))
        return state.raw

    def load_state(self, state):
        state = bytes(state)
        self._library.rnn_session_load_state(self._handle, state, len(state))

    def get_state(self, which, output=None):
        index, tensor = _find(which, self.states, "state")
        output = _new("float32", (self.info.streams, *tensor.dimensions)) if output is None else output
        with _values(output, "float32", writable=True) as (address, count):
            self._library.rnn_session_get_state(self._handle, index, address, count)
        return output

    def set_state(self, which, data):
        index, _ = _find(which, self.states, "state")
        with _values(data, "float32") as (address, count):
            self._library.rnn_session_set_state(self._handle, index, address, count)

    def fork(self, memory=None):
        """A new session in the state of this one; memory as for Model.create_session."""
        forked = Session(self._library, self.inputs, self.outputs, self.states)
        forked._make(self._library.rnn_session_fork, self._library.rnn_session_fork_in, memory, self._handle)
        return forked

    def native_run(self):
        run = _get(self._library.rnn_session_get_native_run, _NativeRun, self._handle)
        return NativeRun(run.program, run.run)

    def carry_state_to(self, other):
        """Copies the state variables that the other session has too, and returns how many."""
        carried = _I32()
        self._library.rnn_session_carry_state(self._handle, other._handle, ctypes.byref(carried))
        return carried.value


def _find(which, tensors, kind):
    names = [tensor.name for tensor in tensors]
    if isinstance(which, str):
        if which not in names:
            raise KeyError(f"There is no {kind} '{which}'; there are: {', '.join(names) or 'none'}.")
        which = names.index(which)
    if not 0 <= which < len(tensors):
        raise IndexError(f"There is no {kind} {which}; there are {len(tensors)}.")
    return which, tensors[which]
