using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>What the calls of a state dict mean. Arguments that would change a tensor's values (hooks, views of storages) are refused.</summary>
internal static class PickleCalls
{
    public static object Reduce(object?[] call)
    {
        if (call is not [PickleCallable callable, PickleTuple { Items: var arguments }])
        {
            throw new RnnImportException("pickle", $"a call of {Describe(call[0])}", "calls of the rebuilders of tensors only");
        }

        return (callable, arguments) switch
        {
            (PickleCallable.OrderedDict, []) => new PickleDict([]),
            (PickleCallable.Size, [PickleTuple size]) => size,
            (PickleCallable.RebuildTensor, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides]) =>
                Tensor(storage, null, offset, shape, strides),
            (PickleCallable.RebuildTensorV2, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, bool, var hooks]) when IsEmpty(hooks) =>
                Tensor(storage, null, offset, shape, strides),
            (PickleCallable.RebuildTensorV2, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, bool, var hooks, var metadata])
                when IsEmpty(hooks) && IsEmpty(metadata) => Tensor(storage, null, offset, shape, strides),
            (PickleCallable.RebuildTensorV3, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, bool, var hooks, PickleElementType type])
                when IsEmpty(hooks) => Tensor(storage, type, offset, shape, strides),
            (PickleCallable.RebuildTensorV3, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, bool, var hooks, PickleElementType type, var metadata])
                when IsEmpty(hooks) && IsEmpty(metadata) => Tensor(storage, type, offset, shape, strides),
            (PickleCallable.RebuildParameter, [PickleTensor tensor, bool, var hooks]) when IsEmpty(hooks) => tensor,
            _ => throw new RnnImportException(
                "pickle", $"{callable} of ({string.Join(", ", arguments.Take(10).Select(Describe))})", "the arguments that PyTorch writes, without hooks or metadata"),
        };
    }

    /// <summary>A persistent id: <c>('storage', class, key, device, count)</c>, in old files with a view that must be None.</summary>
    public static PickleStorage FindStorage(object? id) => id switch
    {
        PickleTuple { Items: ["storage", PickleElementType { IsStorage: true } type, string key, string, long and >= 0 and var count] } =>
            new PickleStorage(key, type.Type, count),
        PickleTuple { Items: ["storage", PickleElementType { IsStorage: true } type, string key, string, long and >= 0 and var count, null] } =>
            new PickleStorage(key, type.Type, count),
        PickleTuple { Items: var items } => throw new RnnImportException(
            "pickle", $"a persistent id of ({string.Join(", ", items.Take(10).Select(Describe))})", "('storage', class, key, device, count) without a view"),
        _ => throw new RnnImportException("pickle", $"a persistent id of type {Describe(id)}", "a storage"),
    };

    public static string Describe(object? value) => value switch
    {
        null => "None",
        PickleTuple => "tuple",
        PickleList => "list",
        PickleDict => "dict",
        PickleStorage => "storage",
        PickleTensor => "tensor",
        PickleElementType type => type.Name,
        PickleCallable callable => callable.ToString(),
        string => "str",
        bool => "bool",
        long => "int",
        double => "float",
        _ => value.GetType().Name,
    };

    private static bool IsEmpty(object? value) => value is null or PickleDict { Items: [] };

    private static PickleTensor Tensor(PickleStorage storage, PickleElementType? type, long offset, PickleTuple shape, PickleTuple strides)
    {
        if (type is { IsStorage: true } || (storage.Type is null) == (type is null))
        {
            throw new RnnImportException("pickle", $"a tensor of dtype {type?.Name ?? "(none)"} over a storage of {storage.Type?.ToString() ?? "bytes"}", "one dtype");
        }

        return new PickleTensor(storage, (storage.Type ?? type!.Type)!.Value, offset, Integers(shape), Integers(strides));
    }

    private static long[] Integers(PickleTuple tuple)
    {
        var values = new long[tuple.Items.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = tuple.Items[index] is long value
                ? value
                : throw new RnnImportException("pickle", $"a shape or stride with {Describe(tuple.Items[index])}", "integers");
        }

        return values;
    }
}
