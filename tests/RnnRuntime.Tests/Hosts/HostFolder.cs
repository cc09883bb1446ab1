using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Formats;

namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// A folder with models and what the C# library computes with them from the initial state, for programs in other languages to compare with, bit for bit.
/// tests/hosts/README.md says what is in it.
/// </summary>
public sealed class HostFolder : IDisposable
{
    // No multiple of a chunk.
    private const int Steps = 61;
    private const int Streams = 3;

    private readonly TemporaryDirectory _directory = new();

    public HostFolder()
    {
        using var cell = RnnModel.Load(RepositoryFiles.Require("tests/golden/gru-reset-after-20x33-2layer.rnn"));
        using var language = RnnModel.Load(RepositoryFiles.Require("src/RnnRuntime.Cli/Models/charlm.rnn"));
        using var quantized = RnnModel.FromGraph(TestModels.ToInt8(cell.Graph));
        using var square = RnnModel.FromGraph(TestModels.Single("lstm", 8, 8, seed: 3));
        var signal = Floats(Steps * cell.Inputs[0].Shape.ElementCount, seed: 1);
        WriteSample("cell", cell, signal);
        WriteSample("cell-int8", quantized, signal);
        WriteSample("square", square, Floats(Steps * 8, seed: 2));
        WriteLanguageModel(language);
        WriteStreams(cell);
        WriteCarried(cell, quantized, signal);
        WritePorts();
        WriteNumbers();
        WriteBrokenGolden(cell);
    }

    /// <summary>Its path.</summary>
    public string Path => _directory[""];

    public string this[string file] => _directory[file];

    public void Dispose() => _directory.Dispose();

    private void WriteSample(string name, RnnModel model, float[] input)
    {
        model.Save(_directory[$"{name}.rnn"]);
        Write($"{name}-input.f32", input);
        using var session = model.CreateSession();
        Write($"{name}-output.f32", Run(session, input));
    }

    private void WriteLanguageModel(RnnModel model)
    {
        var random = new Random(4);
        int[] tokens = [.. Enumerable.Range(0, Steps).Select(_ => random.Next(model.Outputs[0].Shape.ElementCount))];
        var output = new float[Steps * model.Outputs[0].Shape.ElementCount];
        model.Save(_directory["charlm.rnn"]);
        using var session = model.CreateSession();
        session.Run(tokens, output);
        Write("charlm-input.i32", tokens);
        Write("charlm-output.f32", output);
    }

    private void WriteStreams(RnnModel model)
    {
        var input = Floats(Steps * Streams * model.Inputs[0].Shape.ElementCount, seed: 5);
        using var session = model.CreateSession(Streams);
        Write("streams-input.f32", input);
        Write("streams-output.f32", Run(session, input));
    }

    /// <summary>The cell's signal: the first half by the cell, the second by its quantised form from the same state.</summary>
    private void WriteCarried(RnnModel first, RnnModel second, float[] signal)
    {
        using var from = first.CreateSession();
        using var to = second.CreateSession();
        var middle = Steps / 2 * first.Inputs[0].Shape.ElementCount;
        var output = Run(from, signal[..middle]);
        foreach (var state in first.States)
        {
            var values = new float[state.Shape.ElementCount];
            from.GetState(state.Name, values);
            to.SetState(state.Name, values);
        }

        Write<float>("carry-output.f32", [.. output, .. Run(to, signal[middle..])]);
    }

    private void WritePorts()
    {
        using var model = RnnModel.FromGraph(TestModels.TwoPorts(size: 7, seed: 6));
        model.Save(_directory["ports.rnn"]);
        using var session = model.CreateSession(chunkLength: Steps);
        foreach (var (input, index) in model.Inputs.Select((input, index) => (input, index)))
        {
            var values = Floats(Steps * input.Shape.ElementCount, seed: 7 + index);
            session.SetInput(index, values);
            Write($"ports-{input.Name}.f32", values);
        }

        session.Run(Steps);
        foreach (var output in model.Outputs)
        {
            var values = new float[Steps * output.Shape.ElementCount];
            session.GetOutput(output.Name, values);
            Write($"ports-{output.Name}.f32", values);
        }
    }

    /// <summary>An int32 output.</summary>
    private void WriteNumbers()
    {
        var sketch = new GraphSketch();
        sketch.Output("same", sketch.Input("ids", TensorType.Int32, 2));
        sketch.Output("x", sketch.Input("x", TensorType.Float32, 3));
        using var model = RnnModel.FromGraph(sketch.Build());
        model.Save(_directory["ids.rnn"]);
    }

    private void WriteBrokenGolden(RnnModel model)
    {
        var golden = model.Golden!;
        var (name, output) = golden.Outputs.First();
        var data = output.Data.ToArray();
        MemoryMarshal.Cast<byte, float>(data.AsSpan())[^1] += 1;
        using var broken = RnnModel.FromGraph(model.Graph, golden with { Outputs = golden.Outputs.SetItem(name, output with { Data = data }) }, null);
        broken.Save(_directory["broken-golden.rnn"]);
    }

    private static float[] Run(RnnSession session, float[] input)
    {
        var model = session.Model;
        var output = new float[input.Length / model.Inputs[0].Shape.ElementCount * model.Outputs[0].Shape.ElementCount];
        session.Run(input, output);
        return output;
    }

    private static float[] Floats(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private void Write<T>(string file, T[] values)
        where T : unmanaged =>
        File.WriteAllBytes(_directory[file], MemoryMarshal.AsBytes<T>(values).ToArray());
}
