using System.Collections.Immutable;
using System.Text.Json;

namespace RnnRuntime.Cli.Comparing;

/// <summary>All numbers of a comparison. Those that are not finite are the texts "Infinity", "-Infinity" and "NaN".</summary>
internal static class ComparisonJson
{
    public static void Write(string path, RnnComparison comparison, ComparisonHeading heading)
    {
        using var stream = File.Create(path);
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            Write(writer, comparison, heading);
            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>The properties, inside an object that is open.</summary>
    public static void Write(Utf8JsonWriter writer, RnnComparison comparison, ComparisonHeading heading)
    {
        writer.WriteString("reference", heading.Reference);
        writer.WriteString("candidate", heading.Candidate);
        writer.WriteString("input", heading.Input);
        writer.WriteString("kernel", heading.Kernel);
        writer.WriteNumber("steps", comparison.Steps);
        writer.WriteNumber("sensitivitySteps", comparison.SensitivitySteps);
        writer.WriteReal("snrDecibels", comparison.SnrDecibels);
        WriteArray(writer, "outputs", comparison.Outputs, output =>
        {
            WriteSignal(writer, output.Name, output.Shape, output.Error);
            writer.WriteString("decision", output.Decision == DecisionKind.Threshold ? "threshold" : "largestElement");
            writer.WriteNumber("changedDecisions", output.ChangedDecisions);
            WriteWindows(writer, "windows", output.Windows);
            WriteWindows(writer, "decades", output.Decades);
        });
        WriteArray(writer, "states", comparison.States, state =>
        {
            WriteSignal(writer, state.Name, state.Shape, state.Error);
            WriteWindows(writer, "windows", state.Windows);
            WriteWindows(writer, "decades", state.Decades);
        });
        WriteArray(writer, "nodes", comparison.Nodes, node => WriteNode(writer, node));
        WriteLanguageModel(writer, comparison.LanguageModel);
        WriteTexts(writer, "keepFloat", comparison.KeepFloat);
        WriteTexts(writer, "leftOut", comparison.LeftOut);
    }

    private static void WriteNode(Utf8JsonWriter writer, NodeComparison node)
    {
        writer.WriteString("name", node.Name);
        writer.WriteString("operator", node.Operator);
        writer.WriteString("referencePrecision", node.ReferencePrecision is { } reference ? Text.Of(reference) : null);
        writer.WriteString("candidatePrecision", node.CandidatePrecision is { } candidate ? Text.Of(candidate) : null);
        WriteArray(writer, "values", node.Values, value =>
        {
            WriteSignal(writer, value.Name, value.Shape, value.Error);
            WriteWindows(writer, "windows", value.Windows);
        });
        if (node.Cost is not { } cost)
        {
            return;
        }

        writer.WriteStartObject("cost");
        writer.WriteReal("relativeNoise", cost.RelativeNoise);
        writer.WriteReal("snrDecibels", cost.SnrDecibels);
        writer.WriteReal("share", cost.Share);
        writer.WriteReal("keptDecibels", cost.KeptDecibels);
        writer.WriteReal("gainDecibels", cost.GainDecibels);
        WriteArray(writer, "gates", cost.Gates, gate =>
        {
            writer.WriteString("gate", gate.Gate);
            writer.WriteReal("relativeNoise", gate.RelativeNoise);
            writer.WriteReal("snrDecibels", gate.SnrDecibels);
            writer.WriteReal("share", gate.Share);
        });
        writer.WriteEndObject();
    }

    private static void WriteSignal(Utf8JsonWriter writer, string name, TensorShape shape, SignalError error)
    {
        writer.WriteString("name", name);
        writer.WriteStartArray("shape");
        foreach (var dimension in shape.Dimensions)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
        writer.WriteReal("signalPower", error.SignalPower);
        writer.WriteReal("noisePower", error.NoisePower);
        writer.WriteReal("snrDecibels", error.SnrDecibels);
        writer.WriteReal("rmsError", error.RmsError);
        writer.WriteReal("meanAbsoluteError", error.MeanAbsoluteError);
        writer.WriteReal("largestError", error.LargestError);
        writer.WriteNumber("largestErrorStep", error.LargestErrorStep);
    }

    private static void WriteWindows(Utf8JsonWriter writer, string property, ImmutableArray<ErrorWindow> windows) => WriteArray(writer, property, windows, window =>
    {
        writer.WriteNumber("firstStep", window.FirstStep);
        writer.WriteNumber("steps", window.Steps);
        writer.WriteReal("snrDecibels", window.SnrDecibels);
        writer.WriteReal("rmsError", window.RmsError);
        writer.WriteReal("largestError", window.LargestError);
    });

    private static void WriteLanguageModel(Utf8JsonWriter writer, LanguageModelComparison? language)
    {
        if (language is null)
        {
            return;
        }

        writer.WriteStartObject("languageModel");
        writer.WriteString("output", language.Output);
        writer.WriteNumber("tokens", language.Tokens);
        writer.WriteReal("referenceBits", language.ReferenceBits);
        writer.WriteReal("candidateBits", language.CandidateBits);
        writer.WriteReal("change", language.Change);
        writer.WriteEndObject();
    }

    private static void WriteArray<T>(Utf8JsonWriter writer, string property, ImmutableArray<T> items, Action<T> write)
    {
        writer.WriteStartArray(property);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            write(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string property, ImmutableArray<string> texts)
    {
        writer.WriteStartArray(property);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}
