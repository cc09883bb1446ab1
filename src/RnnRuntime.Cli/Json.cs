using System.Text.Json;

namespace RnnRuntime.Cli;

/// <summary>One JSON document on standard output.</summary>
internal static class Json
{
    public static void Write(Action<Utf8JsonWriter> content)
    {
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            content(writer);
            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>A number; JSON has none for those that are not finite, so they are the texts "Infinity", "-Infinity" and "NaN".</summary>
    public static void WriteReal(this Utf8JsonWriter writer, string property, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumber(property, value);
        }
        else
        {
            writer.WriteString(property, Text.Number(value, "R"));
        }
    }

    public static void WriteTensors(this Utf8JsonWriter writer, string property, IEnumerable<TensorInfo> tensors)
    {
        writer.WriteStartArray(property);
        foreach (var tensor in tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("type", Text.Of(tensor.Type));
            writer.WriteStartArray("shape");
            foreach (var dimension in tensor.Shape.Dimensions)
            {
                writer.WriteNumberValue(dimension);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
