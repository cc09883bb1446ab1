/* RnnRuntime for C++17 and later: owners, exceptions and spans over rnn_runtime.h, which says what each function does, how it treats threads and what is real-time safe.
 *
 *     auto model = rnn::model::load("model.rnn");
 *     auto session = model.create_session();
 *     session.run(input.data(), input.size(), output.data(), output.size());
 *
 * Functions throw rnn::error; their twins named try_ return the status instead, are noexcept, and are as real-time safe as the C function below them: they are for
 * threads with a deadline. Owners move and do not copy; one that was moved from, or never filled, gives status::invalid_handle.
 * Infos own their strings. Models and sessions may end in any order, but a session not while another thread is inside it. */
#ifndef RNN_RUNTIME_HPP
#define RNN_RUNTIME_HPP

#include "rnn_runtime.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __cplusplus >= 202002L || (defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#include <span>
#endif

namespace rnn {

enum class [[nodiscard]] status : std::int32_t {
    ok = RNN_OK,
    invalid_argument = RNN_INVALID_ARGUMENT,
    invalid_handle = RNN_INVALID_HANDLE,
    wrong_length = RNN_WRONG_LENGTH,
    wrong_type = RNN_WRONG_TYPE,
    busy = RNN_BUSY,
    not_ready = RNN_NOT_READY,
    io_error = RNN_IO_ERROR,
    invalid_model = RNN_INVALID_MODEL,
    unknown_kernel = RNN_UNKNOWN_KERNEL,
    out_of_memory = RNN_OUT_OF_MEMORY,
    unsupported_processor = RNN_UNSUPPORTED_PROCESSOR,
    state_mismatch = RNN_STATE_MISMATCH,
    not_native = RNN_NOT_NATIVE,
    internal_error = RNN_INTERNAL_ERROR
};

/// As in "RNN_OK"; lives as long as the process.
inline const char *status_name(status code) noexcept { return rnn_status_name(static_cast<rnn_status>(code)); }

/// What the last failed call on this thread said: the text that belongs to the status of a try_ function.
inline const char *last_error() noexcept { return rnn_last_error(); }

/// What was found and what was expected, and the status.
class error : public std::runtime_error {
public:
    error(status code, const std::string &text) : std::runtime_error(text), code_(code) {}
    rnn::status code() const noexcept { return code_; }

private:
    status code_;
};

namespace detail {

inline void check(rnn_status code)
{
    if (code != RNN_OK) {
        throw error(static_cast<status>(code), rnn_last_error());
    }
}

inline void check(status code) { check(static_cast<rnn_status>(code)); }

inline status to_status(rnn_status code) noexcept { return static_cast<status>(code); }

template <class T> T sized() noexcept
{
    T value{};
    value.struct_size = static_cast<std::uint32_t>(sizeof(T));
    return value;
}

} // namespace detail

/// The library's version, as in "0.1.0".
inline std::string version() { return rnn_version(); }

/// Makes the library ready, and checks that it has the interface of the header. Loading a model does so too.
inline void start()
{
    if (rnn_abi_version() != RNN_ABI_VERSION) {
        throw error(status::internal_error, "The library has version " + std::to_string(rnn_abi_version()) + " of the interface, the header has version "
                + std::to_string(RNN_ABI_VERSION) + ".");
    }
    detail::check(rnn_start());
}

struct kernel_info {
    std::string name;
    std::string description;
    std::string unavailable_reason; ///< empty where it is available
    bool is_available;
    bool is_native;
    bool is_default;
};

/// All kernels, best first.
inline std::vector<kernel_info> kernels()
{
    std::int32_t count = 0;
    detail::check(rnn_kernel_count(&count));
    std::vector<kernel_info> all;
    for (std::int32_t index = 0; index < count; index++) {
        auto info = detail::sized<rnn_kernel_info>();
        detail::check(rnn_kernel_at(index, &info));
        all.push_back({info.name, info.description, info.unavailable_reason ? info.unavailable_reason : "", info.is_available != 0, info.is_native != 0,
                info.is_default != 0});
    }
    return all;
}

enum class element_type : std::int32_t { float32 = RNN_TYPE_FLOAT32, int32 = RNN_TYPE_INT32 };

struct tensor_info {
    std::string name;
    element_type type;
    std::vector<std::int32_t> dimensions; ///< of one step of one stream, outermost first
    std::int32_t element_count;
    std::int32_t index_limit;
};

struct model_options {
    std::int32_t threads = 1;
    std::string kernel; ///< empty: the environment variable RNNRUNTIME_KERNEL, or the best that can run here
    bool verify_golden = false;
};

struct model_info {
    std::int64_t weight_bytes;
    std::string kernel;
    bool has_golden;
    std::int32_t threads;
};

struct session_options {
    std::int32_t streams = 1;
    std::int32_t chunk_length = 0; ///< 0: what makes good use of the weights
};

struct session_info {
    std::int32_t streams;
    std::int32_t chunk_length;
    bool runs_natively;
    std::size_t memory_bytes;
    std::size_t memory_alignment;
    std::size_t arena_bytes;
    std::size_t state_bytes;
    std::string managed_reason; ///< empty where it runs natively
};

/// An input, an output or a state variable, by index or by name. Names are looked up in a short list, without allocating.
class tensor_key {
public:
    tensor_key(std::int32_t index) noexcept : index_(index) {}
    tensor_key(const char *name) : name_(name) {}
    tensor_key(std::string_view name) noexcept : name_(name) {}
    tensor_key(const std::string &name) noexcept : name_(name) {}

    /// The index. An index is taken as it is: the library checks it.
    std::int32_t in(const std::vector<tensor_info> &tensors) const
    {
        if (index_ >= 0 || name_.data() == nullptr) {
            return index_;
        }
        std::string names;
        for (std::size_t index = 0; index < tensors.size(); index++) {
            if (tensors[index].name == name_) {
                return static_cast<std::int32_t>(index);
            }
        }
        for (const auto &tensor : tensors) {
            names += (names.empty() ? "" : ", ") + tensor.name;
        }
        throw error(status::invalid_argument, "There is no '" + std::string(name_) + "' here; there are: " + (names.empty() ? "none" : names) + ".");
    }

private:
    std::int32_t index_ = -1;
    std::string_view name_;
};

/// What a model takes, gives and remembers.
struct model_signature {
    std::vector<tensor_info> inputs;
    std::vector<tensor_info> outputs;
    std::vector<tensor_info> states;
};

namespace detail {

inline rnn_session_options native(const session_options &options) noexcept
{
    auto native = sized<rnn_session_options>();
    native.streams = options.streams;
    native.chunk_length = options.chunk_length;
    return native;
}

inline session_info info_of(const rnn_session_info &info)
{
    return {info.streams, info.chunk_length, info.runs_natively != 0, static_cast<std::size_t>(info.memory_bytes), static_cast<std::size_t>(info.memory_alignment),
            static_cast<std::size_t>(info.arena_bytes), static_cast<std::size_t>(info.state_bytes), info.managed_reason ? info.managed_reason : ""};
}

} // namespace detail

/// One or more streams: states and scratch. One thread at a time.
class session {
public:
    session() noexcept = default;
    session(session &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)), signature_(std::move(other.signature_)) {}
    session &operator=(session &&other) noexcept
    {
        session taken(std::move(other));
        std::swap(handle_, taken.handle_);
        std::swap(signature_, taken.signature_);
        return *this;
    }
    ~session()
    {
        if (handle_ != nullptr) {
            rnn_session_free(handle_);
        }
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /// For functions of rnn_runtime.h. It stays this object's.
    rnn_session handle() const noexcept { return handle_; }

    session_info info() const
    {
        auto info = detail::sized<rnn_session_info>();
        detail::check(rnn_session_get_info(handle_, &info));
        return detail::info_of(info);
    }

    const model_signature &signature() const
    {
        if (signature_ == nullptr) {
            throw error(status::invalid_handle, "The session is empty.");
        }
        return *signature_;
    }

    /// Steps of a model with one input and one output.
    void run(const float *input, std::size_t input_count, float *output, std::size_t output_count) { detail::check(try_run(input, input_count, output, output_count)); }
    void run(const std::int32_t *input, std::size_t input_count, float *output, std::size_t output_count)
    {
        detail::check(try_run(input, input_count, output, output_count));
    }
    status try_run(const float *input, std::size_t input_count, float *output, std::size_t output_count) noexcept
    {
        return detail::to_status(rnn_session_run(handle_, input, input_count, output, output_count));
    }
    status try_run(const std::int32_t *input, std::size_t input_count, float *output, std::size_t output_count) noexcept
    {
        return detail::to_status(rnn_session_run_int32(handle_, input, input_count, output, output_count));
    }

    /// Steps of any model: set_input for each, run_inputs, get_output for each.
    void set_input(tensor_key input, const float *data, std::size_t count) { detail::check(try_set_input(input.in(signature().inputs), data, count)); }
    void set_input(tensor_key input, const std::int32_t *data, std::size_t count) { detail::check(try_set_input(input.in(signature().inputs), data, count)); }
    void run_inputs(std::int32_t time_steps) { detail::check(try_run_inputs(time_steps)); }
    void get_output(tensor_key output, float *data, std::size_t count) { detail::check(try_get_output(output.in(signature().outputs), data, count)); }
    void get_output(tensor_key output, std::int32_t *data, std::size_t count) { detail::check(try_get_output(output.in(signature().outputs), data, count)); }
    status try_set_input(std::int32_t index, const float *data, std::size_t count) noexcept
    {
        return detail::to_status(rnn_session_set_input(handle_, index, data, count));
    }
    status try_set_input(std::int32_t index, const std::int32_t *data, std::size_t count) noexcept
    {
        return detail::to_status(rnn_session_set_input_int32(handle_, index, data, count));
    }
    status try_run_inputs(std::int32_t time_steps) noexcept { return detail::to_status(rnn_session_run_inputs(handle_, time_steps)); }
    status try_get_output(std::int32_t index, float *data, std::size_t count) noexcept { return detail::to_status(rnn_session_get_output(handle_, index, data, count)); }
    status try_get_output(std::int32_t index, std::int32_t *data, std::size_t count) noexcept
    {
        return detail::to_status(rnn_session_get_output_int32(handle_, index, data, count));
    }

    /// Runs steps of zeros and puts the session into its initial state.
    void warm_up(std::int32_t time_steps = 1) { detail::check(try_warm_up(time_steps)); }
    status try_warm_up(std::int32_t time_steps = 1) noexcept { return detail::to_status(rnn_session_warm_up(handle_, time_steps)); }

    void reset() { detail::check(try_reset()); }
    void reset_stream(std::int32_t stream) { detail::check(try_reset_stream(stream)); }
    status try_reset() noexcept { return detail::to_status(rnn_session_reset(handle_)); }
    status try_reset_stream(std::int32_t stream) noexcept { return detail::to_status(rnn_session_reset_stream(handle_, stream)); }

    /// The state of all streams, session_info::state_bytes of it.
    std::vector<std::byte> save_state() const
    {
        std::vector<std::byte> state(info().state_bytes);
        detail::check(try_save_state(state.data(), state.size()));
        return state;
    }
    void load_state(const std::vector<std::byte> &state) { detail::check(try_load_state(state.data(), state.size())); }
    status try_save_state(void *data, std::size_t size) const noexcept { return detail::to_status(rnn_session_save_state(handle_, data, size)); }
    status try_load_state(const void *data, std::size_t size) noexcept { return detail::to_status(rnn_session_load_state(handle_, data, size)); }

    /// One state variable: streams * elements.
    void get_state(tensor_key state, float *data, std::size_t count) const { detail::check(try_get_state(state.in(signature().states), data, count)); }
    void set_state(tensor_key state, const float *data, std::size_t count) { detail::check(try_set_state(state.in(signature().states), data, count)); }
    status try_get_state(std::int32_t index, float *data, std::size_t count) const noexcept
    {
        return detail::to_status(rnn_session_get_state(handle_, index, data, count));
    }
    status try_set_state(std::int32_t index, const float *data, std::size_t count) noexcept
    {
        return detail::to_status(rnn_session_set_state(handle_, index, data, count));
    }

    /// A new session in the state of this one.
    [[nodiscard]] session fork() const
    {
        rnn_session forked = nullptr;
        detail::check(rnn_session_fork(handle_, &forked));
        return session(forked, signature_);
    }
    /// The same in the caller's memory, which outlives the fork: session_info::memory_bytes.
    [[nodiscard]] session fork_in(void *memory, std::size_t size) const
    {
        rnn_session forked = nullptr;
        detail::check(rnn_session_fork_in(handle_, memory, size, &forked));
        return session(forked, signature_);
    }

    /// Copies the state variables that the other session has too, by name and size, and returns how many; for replacing a model while a signal goes on.
    std::int32_t carry_state_to(session &other) const
    {
        std::int32_t carried = 0;
        detail::check(try_carry_state_to(other, &carried));
        return carried;
    }
    status try_carry_state_to(session &other, std::int32_t *carried = nullptr) const noexcept
    {
        return detail::to_status(rnn_session_carry_state(handle_, other.handle_, carried));
    }

    /// The session's program and the function that runs it without checks; valid as long as the session.
    rnn_native_run native_run()
    {
        auto run = detail::sized<rnn_native_run>();
        detail::check(rnn_session_get_native_run(handle_, &run));
        return run;
    }

#ifdef __cpp_lib_span
    void run(std::span<const float> input, std::span<float> output) { run(input.data(), input.size(), output.data(), output.size()); }
    void run(std::span<const std::int32_t> input, std::span<float> output) { run(input.data(), input.size(), output.data(), output.size()); }
    status try_run(std::span<const float> input, std::span<float> output) noexcept { return try_run(input.data(), input.size(), output.data(), output.size()); }
    status try_run(std::span<const std::int32_t> input, std::span<float> output) noexcept { return try_run(input.data(), input.size(), output.data(), output.size()); }
    void set_input(tensor_key input, std::span<const float> data) { set_input(input, data.data(), data.size()); }
    void set_input(tensor_key input, std::span<const std::int32_t> data) { set_input(input, data.data(), data.size()); }
    void get_output(tensor_key output, std::span<float> data) { get_output(output, data.data(), data.size()); }
    void get_output(tensor_key output, std::span<std::int32_t> data) { get_output(output, data.data(), data.size()); }
    void get_state(tensor_key state, std::span<float> data) const { get_state(state, data.data(), data.size()); }
    void set_state(tensor_key state, std::span<const float> data) { set_state(state, data.data(), data.size()); }
#endif

private:
    friend class model;
    session(rnn_session handle, std::shared_ptr<const model_signature> signature) noexcept : handle_(handle), signature_(std::move(signature)) {}

    rnn_session handle_ = nullptr;
    std::shared_ptr<const model_signature> signature_;
};

/// Weights and plan, shared by all its sessions. Any number of threads.
class model {
public:
    model() noexcept = default;
    model(model &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)), signature_(std::move(other.signature_)) {}
    model &operator=(model &&other) noexcept
    {
        model taken(std::move(other));
        std::swap(handle_, taken.handle_);
        std::swap(signature_, taken.signature_);
        return *this;
    }
    ~model()
    {
        if (handle_ != nullptr) {
            rnn_model_free(handle_);
        }
    }

    /// A .rnn file; the path is UTF-8.
    [[nodiscard]] static model load(const std::string &path, const model_options &options = {})
    {
        return loaded(options, [&](const rnn_model_options *native, rnn_model *handle) { return rnn_model_load(path.c_str(), native, handle); });
    }
    /// The bytes of one, which are not needed afterwards.
    [[nodiscard]] static model load(const void *data, std::size_t size, const model_options &options = {})
    {
        return loaded(options, [&](const rnn_model_options *native, rnn_model *handle) { return rnn_model_load_memory(data, size, native, handle); });
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /// For functions of rnn_runtime.h. It stays this object's.
    rnn_model handle() const noexcept { return handle_; }

    model_info info() const
    {
        const auto info = native_info();
        return {info.weight_bytes, info.kernel, info.has_golden != 0, info.threads};
    }

    const std::vector<tensor_info> &inputs() const { return signature().inputs; }
    const std::vector<tensor_info> &outputs() const { return signature().outputs; }
    const std::vector<tensor_info> &states() const { return signature().states; }

    /// What a session would be.
    rnn::session_info session_info(const session_options &options = {}) const
    {
        const auto native = detail::native(options);
        auto info = detail::sized<rnn_session_info>();
        detail::check(rnn_model_get_session_info(handle_, &native, &info));
        return detail::info_of(info);
    }

    [[nodiscard]] session create_session(const session_options &options = {}) const
    {
        const auto native = detail::native(options);
        rnn_session handle = nullptr;
        detail::check(rnn_session_create(handle_, &native, &handle));
        return session(handle, signature_);
    }
    /// In the caller's memory, which outlives the session: session_info::memory_bytes.
    [[nodiscard]] session create_session_in(void *memory, std::size_t size, const session_options &options = {}) const
    {
        const auto native = detail::native(options);
        rnn_session handle = nullptr;
        detail::check(rnn_session_create_in(handle_, &native, memory, size, &handle));
        return session(handle, signature_);
    }

private:
    using getter = rnn_status (*)(rnn_model, std::int32_t, rnn_tensor_info *);

    template <class Load> static model loaded(const model_options &options, Load load)
    {
        start();
        auto native = detail::sized<rnn_model_options>();
        native.threads = options.threads;
        native.kernel = options.kernel.empty() ? nullptr : options.kernel.c_str();
        native.verify_golden = options.verify_golden ? 1 : 0;
        model result;
        detail::check(load(&native, &result.handle_));
        const auto info = result.native_info();
        result.signature_ = std::make_shared<const model_signature>(model_signature{result.tensors(rnn_model_get_input, info.input_count),
                result.tensors(rnn_model_get_output, info.output_count), result.tensors(rnn_model_get_state, info.state_count)});
        return result;
    }

    const model_signature &signature() const
    {
        if (signature_ == nullptr) {
            throw error(status::invalid_handle, "The model is empty.");
        }
        return *signature_;
    }

    rnn_model_info native_info() const
    {
        auto info = detail::sized<rnn_model_info>();
        detail::check(rnn_model_get_info(handle_, &info));
        return info;
    }

    std::vector<tensor_info> tensors(getter get, std::int32_t count) const
    {
        std::vector<tensor_info> all;
        for (std::int32_t index = 0; index < count; index++) {
            auto info = detail::sized<rnn_tensor_info>();
            detail::check(get(handle_, index, &info));
            all.push_back({info.name, static_cast<element_type>(info.type), {info.dimensions, info.dimensions + info.rank}, info.element_count, info.index_limit});
        }
        return all;
    }

    rnn_model handle_ = nullptr;
    std::shared_ptr<const model_signature> signature_;
};

} // namespace rnn

#endif
