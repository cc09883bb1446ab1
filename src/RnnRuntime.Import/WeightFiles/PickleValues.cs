using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>The globals that <see cref="PickleReader"/> knows. They are names only: nothing is ever looked up or called by them.</summary>
internal enum PickleCallable
{
    OrderedDict,
    RebuildTensor,
    RebuildTensorV2,
    RebuildTensorV3,
    RebuildParameter,
    Size,
}

/// <summary>A class of storages or a dtype. An element type of null is that of storages of bytes, whose tensors name their own.</summary>
internal sealed record PickleElementType(string Name, ElementType? Type, bool IsStorage);

internal sealed record PickleTuple(object?[] Items);

internal sealed record PickleList(List<object?> Items);

/// <summary>A dict in the order of insertion, keys not compared: a key that occurs twice is found when the names are used.</summary>
internal sealed record PickleDict(List<KeyValuePair<object, object?>> Items);

/// <summary>A storage that lies elsewhere in the file. <paramref name="Count"/> is in elements, or in bytes where <paramref name="Type"/> is null.</summary>
internal sealed record PickleStorage(string Key, ElementType? Type, long Count);

/// <summary>A view of a storage; offset and strides are in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, ElementType Type, long Offset, long[] Shape, long[] Strides);

/// <summary>One pickle: its value, its length in bytes, and every storage that it names, in order and with repetitions.</summary>
internal sealed record Pickle(object? Value, int Length, IReadOnlyList<PickleStorage> Storages);
