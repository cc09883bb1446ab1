// A C++ host: HOST FOLDER runs the models of the folder in every way and holds them to the outputs there, bit for bit. One line for each check.
#include "host.hpp"

#include <memory>
#include <thread>

namespace {

template <class T> void runs(const recording<T> &that)
{
    const auto half = that.steps / 2;
    const auto &model = that.model;
    check(that.name + ": one call", [&] {
        auto session = model.create_session();
        std::vector<float> found;
        that.run(session, 0, that.steps, found);
        return same(found, that.output);
    });
    check(that.name + ": step by step", [&] {
        auto session = model.create_session();
        std::vector<float> found;
        that.run_chunks(session, 0, {1}, found);
        return same(found, that.output);
    });
    check(that.name + ": odd chunks", [&] {
        auto session = model.create_session({1, 4});
        std::vector<float> found;
        that.run_chunks(session, 0, {3, 1, 7, 2, 5, 11}, found);
        return same(found, that.output);
    });
    check(that.name + ": without exceptions", [&] {
        auto session = model.create_session();
        std::vector<float> found(that.output.size());
        const auto status = session.try_run(that.input.data(), that.input.size(), found.data(), found.size());
        return status == rnn::status::ok ? same(found, that.output) : rnn::status_name(status) + std::string(": ") + rnn::last_error();
    });
    check(that.name + ": input given, steps, output taken, by index and by name", [&] {
        auto session = model.create_session({1, 8});
        std::vector<float> found(that.output.size());
        for (std::size_t first = 0; first < that.steps;) {
            const auto count = std::min<std::size_t>(8, that.steps - first);
            const rnn::tensor_key input = first / 8 % 2 == 0 ? rnn::tensor_key(0) : rnn::tensor_key(model.inputs()[0].name);
            const rnn::tensor_key output = first / 8 % 2 == 0 ? rnn::tensor_key(model.outputs()[0].name) : rnn::tensor_key(0);
            session.set_input(input, &that.input[first * that.input_size], count * that.input_size);
            session.run_inputs(static_cast<std::int32_t>(count));
            session.get_output(output, &found[first * that.output_size], count * that.output_size);
            first += count;
        }
        return same(found, that.output);
    });
    check(that.name + ": reset and warm-up", [&] {
        auto session = model.create_session();
        std::vector<float> found;
        that.run(session, 0, half, found);
        session.reset();
        that.run(session, 0, that.steps, found);
        const auto problem = same(found, that.output);
        if (!problem.empty()) {
            return "after reset: " + problem;
        }
        session.warm_up(3);
        std::fill(found.begin(), found.end(), 0.0f);
        that.run(session, 0, that.steps, found);
        session.reset_stream(0);
        that.run(session, 0, half, found);
        return same(found, that.output);
    });
    check(that.name + ": state saved and loaded", [&] {
        auto session = model.create_session();
        std::vector<float> found;
        that.run(session, 0, half, found);
        const auto state = session.save_state();
        that.run(session, half, that.steps - half, found);
        auto other = model.create_session({1, 1});
        other.load_state(state);
        std::fill(found.begin() + static_cast<std::ptrdiff_t>(half * that.output_size), found.end(), 0.0f);
        that.run(other, half, that.steps - half, found);
        return same(found, that.output);
    });
    check(that.name + ": forked, both go on", [&] {
        auto session = model.create_session();
        std::vector<float> found, forked_found;
        that.run(session, 0, half, found);
        auto forked = session.fork();
        forked_found = found;
        that.run(session, half, that.steps - half, found);
        that.run_chunks(forked, half, {5}, forked_found);
        const auto problem = same(found, that.output);
        return problem.empty() ? same(forked_found, that.output) : problem;
    });
    check(that.name + ": state variables one by one, and carried", [&] {
        auto session = model.create_session();
        std::vector<float> found;
        that.run(session, 0, half, found);
        auto by_name = model.create_session();
        for (std::size_t index = 0; index < model.states().size(); index++) {
            std::vector<float> state(static_cast<std::size_t>(model.states()[index].element_count));
            session.get_state(static_cast<std::int32_t>(index), state.data(), state.size());
            by_name.set_state(model.states()[index].name, state.data(), state.size());
        }
        auto carried = model.create_session();
        const auto count = session.carry_state_to(carried);
        if (model.states().empty() || count != static_cast<std::int32_t>(model.states().size())) {
            return std::to_string(count) + " of " + std::to_string(model.states().size()) + " state variables were carried";
        }
        auto carried_found = found;
        that.run(by_name, half, that.steps - half, found);
        that.run(carried, half, that.steps - half, carried_found);
        const auto problem = same(found, that.output);
        return problem.empty() ? same(carried_found, that.output) : problem;
    });
    check(that.name + ": in the host's memory, moved, and longer than its model", [&] {
        std::vector<float> found;
        const auto info = model.session_info({1, 4});
        std::vector<unsigned char> memory(2 * (info.memory_bytes + info.memory_alignment));
        void *first = memory.data(), *second = memory.data() + memory.size() / 2;
        auto space = memory.size() / 2, more_space = space;
        if (!std::align(info.memory_alignment, info.memory_bytes, first, space) || !std::align(info.memory_alignment, info.memory_bytes, second, more_space)) {
            return std::string("the memory does not hold a session");
        }
        auto temporary = model.create_session_in(first, info.memory_bytes, {1, 4});
        rnn::session session;
        session = std::move(temporary);
        that.run(session, 0, half, found);
        auto forked = session.fork_in(second, info.memory_bytes);
        session = rnn::session();
        that.run(forked, half, that.steps - half, found);
        return same(found, that.output);
    });
    check(that.name + ": the program without checks", [&] {
        auto session = model.create_session();
        const auto info = session.info();
        if (!info.runs_natively) {
            return info.managed_reason.empty() ? std::string("it is not said why the session does not run natively") : std::string();
        }
        std::vector<float> found(that.output.size());
        const auto native = session.native_run();
        native.run(native.program, that.input.data(), found.data(), static_cast<std::int32_t>(that.steps));
        return same(found, that.output);
    });
    check(that.name + ": streams side by side", [&] {
        constexpr std::size_t streams = 3;
        auto session = model.create_session({streams});
        std::vector<T> input(that.input.size() * streams);
        std::vector<float> output(that.output.size() * streams), stream(that.output.size());
        for (std::size_t step = 0; step < that.steps; step++) {
            for (std::size_t at = 0; at < streams; at++) {
                std::copy_n(&that.input[step * that.input_size], that.input_size, &input[(step * streams + at) * that.input_size]);
            }
        }
        session.run(input.data(), input.size(), output.data(), output.size());
        for (std::size_t at = 0; at < streams; at++) {
            for (std::size_t step = 0; step < that.steps; step++) {
                std::copy_n(&output[(step * streams + at) * that.output_size], that.output_size, &stream[step * that.output_size]);
            }
            const auto problem = same(stream, that.output);
            if (!problem.empty()) {
                return "stream " + std::to_string(at) + ": " + problem;
            }
        }
        return std::string();
    });
    check(that.name + ": a thread for each session", [&] {
        std::vector<std::string> problems(4);
        std::vector<std::thread> threads;
        for (auto &problem : problems) {
            threads.emplace_back([&] {
                auto session = model.create_session();
                std::vector<float> found(that.output.size());
                const auto status = session.try_run(that.input.data(), that.input.size(), found.data(), found.size());
                problem = status == rnn::status::ok ? same(found, that.output) : std::string(rnn::last_error());
            });
        }
        for (auto &thread : threads) {
            thread.join();
        }
        return problems[0] + problems[1] + problems[2] + problems[3];
    });
}

void describes(const std::string &folder, const recording<float> &cell, const recording<std::int32_t> &charlm)
{
    check("what a model says of itself", [&] {
        const auto &input = cell.model.inputs()[0];
        const auto &token = charlm.model.inputs()[0];
        if (input.type != rnn::element_type::float32 || token.type != rnn::element_type::int32 || token.index_limit <= 0 || input.name.empty()) {
            return std::string("types, names or index limits are wrong");
        }
        std::int32_t product = 1;
        for (const auto dimension : input.dimensions) {
            product *= dimension;
        }
        return product == input.element_count && cell.model.info().weight_bytes > 0 ? std::string() : "dimensions and elements differ";
    });
    check("the kernels", [&] {
        const auto kernels = rnn::kernels();
        const auto used = cell.model.info().kernel;
        const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const rnn::kernel_info &kernel) { return kernel.name == used; });
        return found != kernels.end() && found->is_available ? std::string() : "the kernel '" + used + "' is not one that can run";
    });
    check("every kernel that can run gives the same bits", [&] {
        for (const auto &kernel : rnn::kernels()) {
            if (kernel.is_available) {
                rnn::model_options options;
                options.kernel = kernel.name;
                const recording<float> other(folder, "cell", "f32", options);
                auto session = other.model.create_session();
                std::vector<float> found;
                other.run(session, 0, other.steps, found);
                const auto problem = same(found, other.output);
                if (!problem.empty() || other.model.info().kernel != kernel.name) {
                    return kernel.name + ": " + problem;
                }
            }
        }
        return std::string();
    });
    check("a model from memory, sessions outlive it", [&] {
        auto bytes = read<unsigned char>(folder + "/cell.rnn");
        auto model = rnn::model::load(bytes.data(), bytes.size());
        std::fill(bytes.begin(), bytes.end(), static_cast<unsigned char>(0));
        auto session = model.create_session();
        model = rnn::model();
        std::vector<float> found;
        cell.run(session, 0, cell.steps, found);
        return session.signature().inputs[0].name == cell.model.inputs()[0].name ? same(found, cell.output) : "the session has another signature";
    });
    check("a model replaced while the signal goes on", [&] {
        const auto quantized = rnn::model::load(folder + "/cell-int8.rnn");
        auto from = cell.model.create_session();
        auto to = quantized.create_session();
        std::vector<float> found;
        cell.run(from, 0, cell.steps / 2, found);
        const auto carried = static_cast<std::size_t>(from.carry_state_to(to));
        cell.run(to, cell.steps / 2, cell.steps - cell.steps / 2, found);
        return carried == cell.model.states().size() ? same(found, read<float>(folder + "/carry-output.f32")) : std::to_string(carried) + " states were carried";
    });
#ifdef __cpp_lib_span
    check("spans", [&] {
        auto session = cell.model.create_session();
        std::vector<float> found(cell.output.size());
        session.run(cell.input, found);
        return same(found, cell.output);
    });
#endif
}

} // namespace

int main(int count, char **arguments)
{
    if (count != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
        return 2;
    }
    try {
        const std::string folder = arguments[1];
        const recording<float> cell(folder, "cell", "f32");
        const recording<std::int32_t> charlm(folder, "charlm", "i32");
        describes(folder, cell, charlm);
        runs(cell);
        runs(charlm);
        errors(folder, cell, charlm);
    } catch (const std::exception &exception) {
        report("the folder", exception.what());
    }
    std::printf("%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}
