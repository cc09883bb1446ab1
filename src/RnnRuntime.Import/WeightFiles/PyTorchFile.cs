using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// A state dict as <c>torch.save</c> writes it, in the zip or the legacy container. Nested dicts and lists become names with dots. Values that
/// are no tensors (counters, hyperparameters, texts) carry no weights: their names are told apart, the values are dropped. Whole modules
/// are refused: their classes would have to be run.
/// </summary>
internal static class PyTorchFile
{
    /// <summary>Values visited, tensors or not, for each tensor that the limits allow.</summary>
    private const long VisitsPerTensor = 16;

    private static ReadOnlySpan<byte> ZipSignature => "PK\u0003\u0004"u8;

    public static bool Recognises(ReadOnlySpan<byte> file) => file.StartsWith(ZipSignature) || IsLegacy(file);

    public static bool IsLegacy(ReadOnlySpan<byte> file) => PyTorchLegacyContainer.Recognises(file);

    /// <summary>Reads the tensors; <paramref name="others"/> are the names of the values that are none.</summary>
    public static NamedTensors Read(ReadOnlyMemory<byte> file, RnnImportLimits limits, out ImmutableArray<string> others)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        var tensors = WeightsFile.Guarded("PyTorch file", "a file written by torch.save(model.state_dict(), path)", () => ReadCore(file, limits, names));
        others = names.ToImmutable();
        return tensors;
    }

    private static NamedTensors ReadCore(ReadOnlyMemory<byte> file, RnnImportLimits limits, ImmutableArray<string>.Builder others)
    {
        if (IsLegacy(file.Span))
        {
            var legacy = PyTorchLegacyContainer.Read(file, limits);
            return Collect(legacy.Root, legacy.Storages, limits, others);
        }

        using var container = new PyTorchZipContainer(file, limits);
        return Collect(container.ReadRoot(), container.ReadStorage, limits, others);
    }

    private static NamedTensors Collect(
        object? root, Func<PickleStorage, ReadOnlyMemory<byte>> readStorage, RnnImportLimits limits, ImmutableArray<string>.Builder others)
    {
        if (root is not PickleDict dict)
        {
            throw new RnnImportException("PyTorch file", $"a {PickleCalls.Describe(root)}", "a dict of tensors. Save the weights alone: torch.save(model.state_dict(), path)");
        }

        var found = new List<KeyValuePair<string, PickleTensor>>();
        var visits = VisitsPerTensor * limits.MaximumTensors;
        Flatten(dict, "", 0);
        var materialiser = new StorageViews(readStorage);
        var collector = new TensorCollector("pytorch", limits);
        foreach (var (name, tensor) in found)
        {
            materialiser.Add(name, tensor, collector);
        }

        return collector.ToNamedTensors();

        void Flatten(object? value, string name, int depth)
        {
            if (--visits < 0)
            {
                throw new RnnImportException("PyTorch file", "more values than its limits allow", $"at most {VisitsPerTensor} for each of RnnImportLimits.MaximumTensors tensors");
            }

            if (depth > limits.MaximumNesting)
            {
                throw new RnnImportException("PyTorch file", "dicts in dicts", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumNesting), limits.MaximumNesting));
            }

            switch (value)
            {
                case PickleDict { Items: var items }:
                    foreach (var (key, item) in items)
                    {
                        Flatten(item, Join(name, key), depth + 1);
                    }

                    break;
                case PickleList { Items: var items }:
                    for (var index = 0; index < items.Count; index++)
                    {
                        Flatten(items[index], Join(name, (long)index), depth + 1);
                    }

                    break;
                case PickleTuple { Items: var items }:
                    for (var index = 0; index < items.Length; index++)
                    {
                        Flatten(items[index], Join(name, (long)index), depth + 1);
                    }

                    break;
                case PickleTensor tensor:
                    found.Add(new(name, tensor));
                    break;
                default:
                    others.Add(name);
                    break;
            }
        }
    }

    private static string Join(string prefix, object key)
    {
        var text = key as string ?? key.ToString()!;
        return prefix.Length + text.Length < TensorCollector.MaximumNameLength
            ? prefix.Length == 0 ? text : $"{prefix}.{text}"
            : throw new RnnImportException("PyTorch file", $"a name of {prefix.Length + text.Length} characters", $"less than {TensorCollector.MaximumNameLength}");
    }
}
