using System.Collections.Immutable;
using Google.Protobuf;
using RnnRuntime.Fuzz;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>Imports sketches and runs one step of them.</summary>
internal static class SketchRun
{
    /// <summary>The graph; inputs with these values are constant.</summary>
    public static RnnGraph Import(OnnxSketch sketch, params ReadOnlySpan<(string Name, float[] Values)> constants)
    {
        var known = ImmutableDictionary.CreateBuilder<string, ImmutableArray<double>>();
        foreach (var (name, values) in constants)
        {
            known.Add(name, [.. values.Select(value => (double)value)]);
        }

        return RnnImporter.Import(sketch.Model().ToByteArray(), new RnnImportOptions { FindStates = false, Constants = known.ToImmutable() });
    }

    /// <summary>Every output of one step.</summary>
    public static double[][] Step(RnnGraph graph, params ReadOnlySpan<float[]> inputs) => Step(graph, null, inputs);

    public static double[][] Step(RnnGraph graph, string? kernel, params ReadOnlySpan<float[]> inputs)
    {
        using var model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
        using var session = model.CreateSession(chunkLength: 1);
        for (var i = 0; i < inputs.Length; i++)
        {
            if (model.Inputs[i].Type == TensorType.Int32)
            {
                session.SetInput(model.Inputs[i].Name, [.. inputs[i].Select(value => (int)value)]);
            }
            else
            {
                session.SetInput(model.Inputs[i].Name, inputs[i]);
            }
        }

        session.Run();
        return [.. model.Outputs.Select(output => Read(session, output))];
    }

    public static RnnImportException Refused(OnnxSketch sketch, params ReadOnlySpan<string> parts)
    {
        var bytes = sketch.Model().ToByteArray();
        var error = Assert.Throws<RnnImportException>(() => RnnImporter.Import(bytes, new RnnImportOptions { FindStates = false }));
        foreach (var part in parts)
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }

        return error;
    }

    private static double[] Read(RnnSession session, TensorInfo output)
    {
        if (output.Type == TensorType.Int32)
        {
            var integers = new int[output.Shape.ElementCount];
            session.GetOutput(output.Name, integers);
            return [.. integers.Select(value => (double)value)];
        }

        var floats = new float[output.Shape.ElementCount];
        session.GetOutput(output.Name, floats);
        return [.. floats.Select(value => (double)value)];
    }
}
