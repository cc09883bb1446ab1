using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>Nested JSON lists of numbers to a tensor. Lists at one depth are equally long, numbers finite.</summary>
internal sealed class NestedList
{
    private const int MaximumRank = 8;

    private readonly string _location;
    private readonly int[] _shape;
    private readonly List<float> _values;

    private NestedList(JsonElement element, string location, RnnImportLimits limits)
    {
        _location = location;
        var shape = new List<int>();
        var elements = 1L;
        for (var level = element; level.ValueKind == JsonValueKind.Array;)
        {
            var extent = level.GetArrayLength();
            shape.Add(extent);
            if (shape.Count > MaximumRank)
            {
                throw new RnnImportException(location, $"lists nested more than {MaximumRank} deep", $"at most {MaximumRank}");
            }

            if (extent > 0 && elements > limits.MaximumElements / extent)
            {
                throw new RnnImportException(
                    location, $"a list of more than {limits.MaximumElements} numbers",
                    $"at most {limits.MaximumElements} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumElements)})");
            }

            if (extent == 0)
            {
                elements = 0;
                break;
            }

            elements *= extent;
            level = level[0];
        }

        // What the shape promises need not be there: the list grows with what is.
        _shape = [.. shape];
        _values = new List<float>((int)Math.Min(elements, 1 << 16));
        Walk(element, 0);
    }

    public static HostTensor Read(JsonElement element, string location, RnnImportLimits limits)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw new RnnImportException(location, JsonText.Describe(element), "a list of numbers, or of such lists");
        }

        var list = new NestedList(element, location, limits);
        return HostTensor.Floats([.. list._shape], list._values.ToArray());
    }

    /// <summary>Each item of a list as a tensor of its own.</summary>
    public static ImmutableArray<Weight> ReadEach(JsonElement.ArrayEnumerator lists, string location, RnnImportLimits limits)
    {
        var tensors = ImmutableArray.CreateBuilder<Weight>();
        foreach (var list in lists)
        {
            if (tensors.Count == limits.MaximumTensors)
            {
                throw new RnnImportException(
                    location, $"more than {limits.MaximumTensors} tensors",
                    $"at most {limits.MaximumTensors} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumTensors)})");
            }

            var name = $"{location}[{tensors.Count}]";
            tensors.Add(new Weight(name, Read(list, name, limits)));
        }

        return tensors.ToImmutable();
    }

    private void Walk(JsonElement element, int depth)
    {
        if (depth == _shape.Length)
        {
            _values.Add(JsonText.ToFloat(element, _location));
            return;
        }

        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != _shape[depth])
        {
            throw new RnnImportException(
                _location, $"{JsonText.Describe(element)} at depth {depth}",
                $"a list of {_shape[depth]} there, as the first one is: lists of one shape, [{string.Join(", ", _shape)}]");
        }

        foreach (var item in element.EnumerateArray())
        {
            Walk(item, depth + 1);
        }
    }
}
