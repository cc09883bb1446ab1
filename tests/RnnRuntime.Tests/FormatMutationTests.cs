using System.Text.Json.Nodes;
using RnnRuntime.Formats;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>Whatever happens to a file, reading it gives a valid graph or an <see cref="RnnFormatException"/> with all its parts.</summary>
public sealed class FormatMutationTests
{
    private static readonly string[] Replacements =
    [
        "null", "true", "false", "0", "1", "2", "-1", "1.5", "1e99", "-0", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1e999999",
        "\"\"", "\"x\"", "\"float32\"", "\"int32\"", "\"lstm1.bias\"", "\"lstm1.h_out\"", "\"lstm1.h_in\"", "\"\\ud800\"", "\"\\u0000\"",
        "[]", "[1]", "[0]", "[null]", "[2147483647,2147483647,2147483647]", "[1,1,1,1,1,1,1,1,1]", "[[[[1]]]]", "{}", "{\"a\":1,\"a\":2}", "{\"op\":{}}",
    ];

    [Fact]
    public void TruncationAtEveryByte()
    {
        var bytes = SampleGraphs.Write(SampleGraphs.Small());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotNull(Refusal(bytes.AsMemory(0, length), $"the first {length} bytes"));
        }

        Assert.Null(Refusal(bytes, "the whole file"));
        Assert.NotNull(Refusal((byte[])[.. bytes, 0], "one byte more"));
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x04)]
    [InlineData(0x20)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void EachByteFlipped(int mask)
    {
        var bytes = SampleGraphs.Write(SampleGraphs.Small());
        var refused = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= (byte)mask;
            refused += Refusal(bytes, $"byte {i} xor {mask:X2}") is null ? 0 : 1;
            bytes[i] ^= (byte)mask;
        }

        Assert.InRange(refused, 1000, bytes.Length);
    }

    [Fact]
    public void EachFieldOfTheHeaderReplaced()
    {
        var file = new RnnFileText(SampleGraphs.Write(SampleGraphs.Small()));
        var original = file.HeaderText;
        foreach (var (change, text) in Mutations(original))
        {
            file.HeaderText = text;
            Refusal(file.ToBytes(), change);
        }
    }

    [Theory]
    [InlineData("small", 1)]
    [InlineData("layers", 5)]
    [InlineData("operators", 9)]
    public void EachFieldOfTheGraphReplaced(string sample, int stride)
    {
        var file = new RnnFileText(sample switch
        {
            "small" => SampleGraphs.Write(SampleGraphs.Small()),
            "layers" => SampleGraphs.Write(SampleGraphs.ToInt8(SampleGraphs.Layers())),
            _ => SampleGraphs.Write(SampleGraphs.ToInt8(SampleGraphs.Operators())),
        });
        var original = file.GraphText;
        var (refused, count) = (0, 0);
        foreach (var (change, text) in Mutations(original, stride))
        {
            file.GraphText = text;
            refused += Refusal(file.ToBytes(), change) is null ? 0 : 1;
            count++;
        }

        Assert.True(refused > count * 0.9, $"{refused} of {count} mutations were refused");
    }

    [Fact]
    public void ManyBytesReplaced()
    {
        var original = SampleGraphs.Write(SampleGraphs.Small());
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var bytes = (byte[])original.Clone();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                var source = random.Next(bytes.Length);
                var length = Math.Min(random.Next(1, 9), bytes.Length - source);
                bytes.AsSpan(source, length).CopyTo(bytes.AsSpan(random.Next(bytes.Length - length + 1)));
            }

            Refusal(bytes, $"seed {seed}");
        }
    }

    private static RnnFormatException? Refusal(ReadOnlyMemory<byte> bytes, string change)
    {
        try
        {
            var file = RnnFileReader.Read(bytes);
            GraphValidator.Validate(file.Graph);
            RnnFileReader.Read(SampleGraphs.Write(file));
            return null;
        }
        catch (RnnFormatException exception)
        {
            Assert.All([exception.Section, exception.Field, exception.Found, exception.Expected], part =>
            {
                Assert.NotEmpty(part);
                Assert.Contains(part, exception.Message, StringComparison.Ordinal);
            });
            return exception;
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
        {
            throw new InvalidOperationException($"{change}: {exception.GetType()}", exception);
        }
    }

    /// <summary>Each field and element replaced, removed, renamed, doubled; as text, since a JSON object model holds no key twice.</summary>
    private static IEnumerable<(string Change, string Text)> Mutations(string json, int stride = 1)
    {
        const string Marker = "\"@@marker@@\"";
        var count = Nodes(JsonNode.Parse(json)!).Count();
        for (var index = 0; index < count; index++)
        {
            var root = JsonNode.Parse(json)!;
            var node = Nodes(root).ElementAt(index);
            var path = node.GetPath();
            var content = node.ToJsonString();
            if (node.Parent is JsonObject parent)
            {
                var key = node.GetPropertyName();
                parent[key] = "@@marker@@";
                var marked = root.ToJsonString();
                var entry = $"{System.Text.Json.JsonSerializer.Serialize(key)}:{Marker}";
                Assert.Contains(entry, marked, StringComparison.Ordinal);
                yield return ($"{path} doubled", marked.Replace(entry, $"{entry.Replace(Marker, content, StringComparison.Ordinal)},{entry.Replace(Marker, content, StringComparison.Ordinal)}", StringComparison.Ordinal));
                yield return ($"{path} renamed", marked.Replace(entry, $"\"renamed\":{content}", StringComparison.Ordinal));
                parent.Remove(key);
                yield return ($"{path} removed", root.ToJsonString());
                parent[key] = "@@marker@@";
            }
            else if (node.Parent is JsonArray array)
            {
                var position = node.GetElementIndex();
                array.Insert(position, node.DeepClone());
                yield return ($"{path} doubled", root.ToJsonString());
                array.RemoveAt(position);
                array.RemoveAt(position);
                yield return ($"{path} removed", root.ToJsonString());
                array.Insert(position, "@@marker@@");
            }
            else
            {
                continue;
            }

            var template = root.ToJsonString();
            for (var i = index % stride; i < Replacements.Length; i += stride)
            {
                yield return ($"{path} = {Replacements[i]}", template.Replace(Marker, Replacements[i], StringComparison.Ordinal));
            }
        }
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node)
    {
        yield return node;
        var children = node switch
        {
            JsonObject fields => fields.Select(field => field.Value!),
            JsonArray elements => elements.Select(element => element!),
            _ => [],
        };
        foreach (var descendant in children.SelectMany(Nodes))
        {
            yield return descendant;
        }
    }
}
