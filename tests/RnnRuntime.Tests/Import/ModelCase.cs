using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import;

/// <summary>A model file with inputs and the outputs that another framework gave for them.</summary>
internal sealed record ModelCase(
    string Name, string Model, ImmutableArray<(string Name, HostTensor Data)> Inputs, ImmutableArray<(string Name, HostTensor Data)> Outputs,
    double Relative, double Absolute)
{
    /// <summary>A case of a manifest: inputs and outputs are objects by name, or lists of objects with names.</summary>
    public static ModelCase Read(string folder, JsonElement entry, string model, double relative, double absolute) => new(
        entry.GetProperty("name").GetString()!, Path.Combine(folder, model), Tensors(folder, entry.GetProperty("inputs")),
        Tensors(folder, entry.GetProperty("outputs")), relative, absolute);

    public RnnImportOptions Options(bool findStates, params IEnumerable<string> constants) => new()
    {
        FindStates = findStates,
        InputShapes = Inputs.ToImmutableDictionary(input => input.Name, input => input.Data.Shape),
        Constants = Inputs.Where(input => constants.Contains(input.Name)).ToImmutableDictionary(input => input.Name, input => Numbers(input.Data)),
    };

    /// <summary>Runs one step and compares every output; inputs that became states are set before, outputs that did are read after.</summary>
    /// <param name="model">The model.</param>
    /// <param name="allowed">How much further than a golden's own tolerance an output may be, by its name.</param>
    public void Check(RnnModel model, IReadOnlyDictionary<string, double>? allowed = null)
    {
        using var session = model.CreateSession(chunkLength: 1);
        foreach (var (name, data) in Inputs)
        {
            if (model.Inputs.FirstOrDefault(input => input.Name == name) is { } input)
            {
                Assert.Equal(data.Shape.AsEnumerable(), input.Shape.Dimensions);
                if (input.Type == TensorType.Int32)
                {
                    session.SetInput(name, [.. Numbers(data).Select(value => (int)value)]);
                }
                else
                {
                    session.SetInput(name, [.. Numbers(data).Select(value => (float)value)]);
                }
            }
            else if (model.States.Any(state => state.Name == name))
            {
                session.SetState(name, [.. Numbers(data).Select(value => (float)value)]);
            }
        }

        session.Run();
        foreach (var (name, data) in Outputs)
        {
            Compare(name, data, Result(model, session, name, data), allowed?[name] ?? 0);
        }
    }

    private double[] Result(RnnModel model, RnnSession session, string name, HostTensor expected)
    {
        if (model.Outputs.FirstOrDefault(output => output.Name == name) is not { } output)
        {
            // The output is a state's new value; there are as many states as such outputs, in the same order.
            var hidden = Outputs.Select(pair => pair.Name).Where(other => model.Outputs.All(known => known.Name != other)).ToList();
            var state = model.States[hidden.IndexOf(name)];
            var values = new float[state.Shape.ElementCount];
            session.GetState(state.Name, values);
            return [.. values.Select(value => (double)value)];
        }

        Assert.Equal(expected.Shape.AsEnumerable(), output.Shape.Dimensions);
        if (output.Type == TensorType.Int32)
        {
            var integers = new int[output.Shape.ElementCount];
            session.GetOutput(name, integers);
            return [.. integers.Select(value => (double)value)];
        }

        var floats = new float[output.Shape.ElementCount];
        session.GetOutput(name, floats);
        return [.. floats.Select(value => (double)value)];
    }

    private void Compare(string name, HostTensor expected, double[] found, double allowed)
    {
        var golden = Numbers(expected);
        Assert.Equal(golden.Length, found.Length);
        for (var i = 0; i < golden.Length; i++)
        {
            var difference = Math.Abs(golden[i] - found[i]);
            Assert.True(
                difference <= allowed + Absolute + (Relative * Math.Abs(golden[i])) || golden[i].Equals(found[i]),
                $"{Name}, output {name}[{i}]: found {found[i]}, expected {golden[i]}{(allowed > 0 ? $" within {allowed}" : "")}.");
        }
    }

    public static ImmutableArray<double> Numbers(HostTensor tensor) => tensor.Type switch
    {
        ElementType.Float32 => [.. tensor.Values<float>().ToArray().Select(value => (double)value)],
        ElementType.Float64 => [.. tensor.Values<double>().ToArray()],
        ElementType.Bool => [.. tensor.Data.ToArray().Select(value => (double)value)],
        ElementType.Int8 => [.. tensor.Values<sbyte>().ToArray().Select(value => (double)value)],
        ElementType.UInt8 => [.. tensor.Values<byte>().ToArray().Select(value => (double)value)],
        ElementType.Int32 => [.. tensor.Values<int>().ToArray().Select(value => (double)value)],
        ElementType.UInt32 => [.. tensor.Values<uint>().ToArray().Select(value => (double)value)],
        ElementType.Int64 => [.. tensor.Values<long>().ToArray().Select(value => (double)value)],
        ElementType.UInt64 => [.. tensor.Values<ulong>().ToArray().Select(value => (double)value)],
        _ => throw new NotSupportedException($"{tensor.Type}"),
    };

    private static ImmutableArray<(string Name, HostTensor Data)> Tensors(string folder, JsonElement tensors) => tensors.ValueKind == JsonValueKind.Array
        ? [.. tensors.EnumerateArray().Select(tensor => (tensor.GetProperty("name").GetString()!, Load(folder, tensor)))]
        : [.. tensors.EnumerateObject().Select(tensor => (tensor.Name, Load(folder, tensor.Value)))];

    private static HostTensor Load(string folder, JsonElement tensor) => TestNpy.Read(Path.Combine(folder, tensor.GetProperty("file").GetString()!));
}
