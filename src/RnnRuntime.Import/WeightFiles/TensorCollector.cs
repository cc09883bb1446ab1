using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>The tensors of one file as they are read: names are unique, and counts and sizes stay under the limits.</summary>
internal sealed class TensorCollector(string format, RnnImportLimits limits)
{
    public const int MaximumNameLength = 1024;
    private const int MaximumRank = 64;

    private readonly ImmutableArray<KeyValuePair<string, HostTensor>>.Builder _tensors = ImmutableArray.CreateBuilder<KeyValuePair<string, HostTensor>>();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _totalBytes;

    /// <summary>Checks a tensor before anything of its size is allocated, and returns its size in bytes.</summary>
    public int Reserve(string name, ElementType type, ReadOnlySpan<long> shape)
    {
        var location = Describe(name);
        if (name.Length > MaximumNameLength)
        {
            throw new RnnImportException(location, $"a name of {name.Length} characters", $"at most {MaximumNameLength}");
        }

        if (!_names.Add(name))
        {
            throw new RnnImportException(location, "the name twice", "every name once");
        }

        if (_names.Count > limits.MaximumTensors)
        {
            throw new RnnImportException("tensors", $"more than {limits.MaximumTensors}", LimitAdvice(nameof(RnnImportLimits.MaximumTensors), limits.MaximumTensors));
        }

        var bytes = CountElements(location, shape) * HostTensor.SizeOf(type);
        if (bytes > Array.MaxLength)
        {
            throw new RnnImportException(location, $"{bytes} bytes", $"at most {Array.MaxLength} bytes in one tensor");
        }

        if (bytes > limits.MaximumTensorBytes - _totalBytes)
        {
            throw new RnnImportException(
                location, $"{bytes} bytes after {_totalBytes} of other tensors", LimitAdvice(nameof(RnnImportLimits.MaximumTensorBytes), limits.MaximumTensorBytes));
        }

        _totalBytes += bytes;
        return (int)bytes;
    }

    /// <summary>Adds a tensor that was reserved.</summary>
    public void Add(string name, ElementType type, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> data)
    {
        if (type == ElementType.Bool && data.Span.IndexOfAnyExcept((byte)0, (byte)1) is var index and >= 0)
        {
            throw new RnnImportException(Describe(name), $"a boolean of value {data.Span[index]}", "0 or 1");
        }

        var extents = ImmutableArray.CreateBuilder<int>(shape.Length);
        foreach (var extent in shape)
        {
            extents.Add((int)extent);
        }

        _tensors.Add(new(name, new HostTensor(type, extents.MoveToImmutable(), data)));
    }

    public NamedTensors ToNamedTensors() => new(format, _tensors.ToImmutable());

    /// <summary>The tensors named first, in that order, then the others in the order in which they were added.</summary>
    public NamedTensors ToNamedTensors(IEnumerable<string> order)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in order)
        {
            if (!_names.Contains(name) || !ranks.TryAdd(name, ranks.Count))
            {
                throw new RnnImportException("order of the weights", $"'{Shorten(name)}', which is not there or listed twice", "every weight once");
            }
        }

        return new(format, [.. _tensors.OrderBy(tensor => ranks.GetValueOrDefault(tensor.Key, int.MaxValue))]);
    }

    public static string Describe(string name) => $"tensor '{Shorten(name)}'";

    public static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    public static string LimitAdvice(string limit, long value) => $"at most {value} (raise RnnImportLimits.{limit} for a file that you trust)";

    /// <summary>Extents of 0 count as 1 towards the limit, so that no product of the others can overflow.</summary>
    private long CountElements(string location, ReadOnlySpan<long> shape)
    {
        if (shape.Length > MaximumRank)
        {
            throw new RnnImportException(location, $"{shape.Length} dimensions", $"at most {MaximumRank}");
        }

        var product = 1L;
        foreach (var extent in shape)
        {
            if (extent is < 0 or > int.MaxValue)
            {
                throw new RnnImportException(location, $"an extent of {extent}", $"0 to {int.MaxValue}");
            }

            if (Math.Max(1, extent) > limits.MaximumElements / product)
            {
                throw new RnnImportException(
                    location, $"shape [{string.Join(", ", shape.ToArray())}]", LimitAdvice(nameof(RnnImportLimits.MaximumElements), limits.MaximumElements) + " elements");
            }

            product *= Math.Max(1, extent);
        }

        return shape.Contains(0) ? 0 : product;
    }
}
