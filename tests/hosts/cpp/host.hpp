// What the checks of this host share: one line for each check, recordings, comparison of bits.
#ifndef HOST_HPP
#define HOST_HPP

#include "rnn_runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

inline int failures = 0;

inline void report(const std::string &name, const std::string &problem)
{
    failures += problem.empty() ? 0 : 1;
    std::printf("%s %s%s%s\n", problem.empty() ? "ok" : "FAILED", name.c_str(), problem.empty() ? "" : ": ", problem.c_str());
}

inline void check(const std::string &name, const std::function<std::string()> &body)
{
    try {
        report(name, body());
    } catch (const std::exception &exception) {
        report(name, std::string("unexpected exception: ") + exception.what());
    }
}

// The error that the body ends with has this status and names these words.
inline void fails(const std::string &name, rnn::status expected, const std::vector<std::string> &words, const std::function<void()> &body)
{
    try {
        body();
        report(name, "no error");
    } catch (const rnn::error &error) {
        const std::string text = error.what();
        std::string problem;
        if (error.code() != expected) {
            problem = std::string(rnn::status_name(error.code())) + " instead of " + rnn::status_name(expected) + ": " + text;
        } else if (text.empty()) {
            problem = "the error has no text";
        }
        for (const auto &word : words) {
            problem += problem.empty() && text.find(word) == std::string::npos ? "'" + text + "' does not name " + word : "";
        }
        report(name, problem);
    } catch (const std::exception &exception) {
        report(name, std::string("another exception: ") + exception.what());
    }
}

template <class T> std::vector<T> read(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

inline std::string same(const std::vector<float> &found, const std::vector<float> &expected)
{
    if (found.size() != expected.size()) {
        return std::to_string(found.size()) + " values instead of " + std::to_string(expected.size());
    }
    for (std::size_t at = 0; at < found.size(); at++) {
        if (std::memcmp(&found[at], &expected[at], sizeof(float)) != 0) {
            return "value " + std::to_string(at) + " is " + std::to_string(found[at]) + " instead of " + std::to_string(expected[at]);
        }
    }
    return "";
}

// A model with its input and its output of all steps.
template <class T> struct recording {
    std::string name;
    rnn::model model;
    std::vector<T> input;
    std::vector<float> output;
    std::size_t input_size;
    std::size_t output_size;
    std::size_t steps;

    recording(const std::string &folder, const std::string &model_name, const std::string &suffix, const rnn::model_options &options = {})
        : name(model_name), model(rnn::model::load(folder + "/" + name + ".rnn", options)), input(read<T>(folder + "/" + name + "-input." + suffix)),
          output(read<float>(folder + "/" + name + "-output.f32")), input_size(static_cast<std::size_t>(model.inputs().at(0).element_count)),
          output_size(static_cast<std::size_t>(model.outputs().at(0).element_count)), steps(input.size() / input_size)
    {
        if (steps < 2 || input.size() != steps * input_size || output.size() != steps * output_size) {
            throw std::runtime_error(name + ": the recording has " + std::to_string(input.size()) + " inputs and " + std::to_string(output.size()) + " outputs");
        }
    }

    void run(rnn::session &session, std::size_t first, std::size_t count, std::vector<float> &found) const
    {
        found.resize(output.size());
        session.run(&input[first * input_size], count * input_size, &found[first * output_size], count * output_size);
    }

    void run_chunks(rnn::session &session, std::size_t first, const std::vector<std::size_t> &lengths, std::vector<float> &found) const
    {
        for (std::size_t turn = 0; first < steps; turn++) {
            const auto count = std::min(lengths[turn % lengths.size()], steps - first);
            run(session, first, count, found);
            first += count;
        }
    }
};

// errors.cpp: every error as an exception.
void errors(const std::string &folder, const recording<float> &cell, const recording<std::int32_t> &charlm);

#endif
