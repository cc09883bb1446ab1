#include "host.hpp"

void errors(const std::string &folder, const recording<float> &cell, const recording<std::int32_t> &charlm)
{
    using rnn::status;
    std::vector<float> output(cell.output.size());
    std::vector<float> logits(charlm.output_size);
    auto session = cell.model.create_session();
    auto language = charlm.model.create_session();
    const auto input_size = cell.input_size, output_size = cell.output_size;

    fails("error: a file that is not there", status::io_error, {"nowhere.rnn"}, [&] { (void)rnn::model::load(folder + "/nowhere.rnn"); });
    fails("error: bytes that are no model", status::invalid_model, {}, [&] { (void)rnn::model::load("these are not the bytes of a model", 34); });
    fails("error: no bytes", status::invalid_argument, {}, [&] { (void)rnn::model::load(nullptr, 10); });
    fails("error: a model cut short", status::invalid_model, {}, [&] {
        const auto bytes = read<char>(folder + "/cell.rnn");
        (void)rnn::model::load(bytes.data(), bytes.size() / 2);
    });
    fails("error: an unknown kernel", status::unknown_kernel, {"abacus", cell.model.info().kernel}, [&] {
        rnn::model_options options;
        options.kernel = "abacus";
        (void)rnn::model::load(folder + "/cell.rnn", options);
    });
    fails("error: threads below zero", status::invalid_argument, {"-1"}, [&] {
        rnn::model_options options;
        options.threads = -1;
        (void)rnn::model::load(folder + "/cell.rnn", options);
    });
    fails("error: too many streams", status::invalid_argument, {"100000"}, [&] { (void)cell.model.create_session({100000}); });
    fails("error: an input of half a step", status::wrong_length, {}, [&] { session.run(cell.input.data(), input_size + 1, output.data(), output_size); });
    fails("error: an output too short", status::wrong_length, {}, [&] { session.run(cell.input.data(), input_size, output.data(), output_size - 1); });
    fails("error: a null pointer", status::invalid_argument, {}, [&] { session.run(static_cast<const float *>(nullptr), input_size, output.data(), output_size); });
    fails("error: floats for tokens", status::wrong_type, {}, [&] { language.run(cell.input.data(), 1, logits.data(), logits.size()); });
    fails("error: tokens for floats", status::wrong_type, {}, [&] { session.run(charlm.input.data(), input_size, output.data(), output_size); });
    fails("error: a token out of range", status::invalid_argument, {"-7"}, [&] {
        const std::int32_t token = -7;
        language.run(&token, 1, logits.data(), logits.size());
    });
    fails("error: steps without input", status::not_ready, {}, [&] { session.run_inputs(1); });
    fails("error: an output before a step", status::not_ready, {}, [&] { session.get_output(0, output.data(), output_size); });
    fails("error: an index too large", status::invalid_argument, {"9"}, [&] { session.set_input(9, cell.input.data(), input_size); });
    fails("error: an unknown name", status::invalid_argument, {"nobody", cell.model.inputs()[0].name},
            [&] { session.set_input("nobody", cell.input.data(), input_size); });
    fails("error: the state of another model", status::state_mismatch, {}, [&] {
        std::vector<std::byte> state(session.info().state_bytes, std::byte{0x55});
        session.load_state(state);
    });
    fails("error: a state too short", status::wrong_length, {}, [&] { session.load_state(std::vector<std::byte>(3)); });
    fails("error: memory too small", status::wrong_length, {}, [&] {
        alignas(4096) unsigned char memory[128];
        (void)cell.model.create_session_in(memory, sizeof memory);
    });
    fails("error: memory that starts at an odd address", status::invalid_argument, {std::to_string(cell.model.session_info().memory_alignment)}, [&] {
        std::vector<unsigned char> memory(cell.model.session_info().memory_bytes + 2);
        (void)cell.model.create_session_in(memory.data() + 1, memory.size() - 1);
    });
    fails("error: a session that was moved from", status::invalid_handle, {}, [&] {
        auto moved = std::move(session);
        session.run(cell.input.data(), input_size, output.data(), output_size);
    });
    fails("error: an empty model", status::invalid_handle, {}, [&] { (void)rnn::model().create_session(); });
    check("error: a status and its text", [&] {
        const auto code = language.try_run(charlm.input.data(), 1, logits.data(), logits.size() + 1);
        const bool said = std::strlen(rnn::last_error()) > 0 && std::strcmp(rnn::status_name(code), "RNN_WRONG_LENGTH") == 0;
        return code == status::wrong_length && said ? std::string() : std::string(rnn::status_name(code)) + ": " + rnn::last_error();
    });
    check("after all errors the bits are the same", [&] {
        session = cell.model.create_session();
        std::vector<float> found;
        cell.run(session, 0, cell.steps, found);
        const auto problem = same(found, cell.output);
        charlm.run(language, 0, charlm.steps, found);
        return problem.empty() ? same(found, charlm.output) : problem;
    });
}
