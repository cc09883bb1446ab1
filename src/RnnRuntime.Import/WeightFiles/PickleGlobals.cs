using System.Collections.Frozen;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>What a state dict may name: the rebuilders of tensors, the classes of storages, and dtypes.</summary>
internal static class PickleGlobals
{
    private static readonly FrozenDictionary<string, object> Known = Build();

    public static object Find(string module, string name)
    {
        var global = $"{module}.{name}";
        return Known.TryGetValue(global, out var known)
            ? known
            : throw new RnnImportException(
                "pickle",
                $"the global '{TensorCollector.Shorten(global)}'",
                "tensors only; nothing in a pickle is executed. Save the weights alone: torch.save(model.state_dict(), path)");
    }

    private static FrozenDictionary<string, object> Build()
    {
        var known = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["collections.OrderedDict"] = PickleCallable.OrderedDict,
            ["torch._utils._rebuild_tensor"] = PickleCallable.RebuildTensor,
            ["torch._utils._rebuild_tensor_v2"] = PickleCallable.RebuildTensorV2,
            ["torch._utils._rebuild_tensor_v3"] = PickleCallable.RebuildTensorV3,
            ["torch._utils._rebuild_parameter"] = PickleCallable.RebuildParameter,
            ["torch.Size"] = PickleCallable.Size,
        };
        AddStorage(known, "torch.DoubleStorage", ElementType.Float64);
        AddStorage(known, "torch.FloatStorage", ElementType.Float32);
        AddStorage(known, "torch.HalfStorage", ElementType.Float16);
        AddStorage(known, "torch.BFloat16Storage", ElementType.BFloat16);
        AddStorage(known, "torch.LongStorage", ElementType.Int64);
        AddStorage(known, "torch.IntStorage", ElementType.Int32);
        AddStorage(known, "torch.ShortStorage", ElementType.Int16);
        AddStorage(known, "torch.CharStorage", ElementType.Int8);
        AddStorage(known, "torch.ByteStorage", ElementType.UInt8);
        AddStorage(known, "torch.BoolStorage", ElementType.Bool);
        AddStorage(known, "torch.storage.UntypedStorage", null);
        AddStorage(known, "torch.UntypedStorage", null);
        AddType(known, "torch.float64", ElementType.Float64);
        AddType(known, "torch.float32", ElementType.Float32);
        AddType(known, "torch.float16", ElementType.Float16);
        AddType(known, "torch.bfloat16", ElementType.BFloat16);
        AddType(known, "torch.int64", ElementType.Int64);
        AddType(known, "torch.int32", ElementType.Int32);
        AddType(known, "torch.int16", ElementType.Int16);
        AddType(known, "torch.int8", ElementType.Int8);
        AddType(known, "torch.uint64", ElementType.UInt64);
        AddType(known, "torch.uint32", ElementType.UInt32);
        AddType(known, "torch.uint16", ElementType.UInt16);
        AddType(known, "torch.uint8", ElementType.UInt8);
        AddType(known, "torch.bool", ElementType.Bool);
        return known.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void AddStorage(Dictionary<string, object> known, string name, ElementType? type) =>
        known.Add(name, new PickleElementType(name, type, IsStorage: true));

    private static void AddType(Dictionary<string, object> known, string name, ElementType type) =>
        known.Add(name, new PickleElementType(name, type, IsStorage: false));
}
