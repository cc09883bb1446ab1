using System.Diagnostics;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// PyTorch tensors as views of storages: a contiguous one shares the storage's bytes, any other is copied in row-major order. A view may not
/// have more elements than its storage, and all copies together stay below a multiple of the storages, so that a small file stays small.
/// </summary>
internal sealed class StorageViews(Func<PickleStorage, ReadOnlyMemory<byte>> read)
{
    private const int CopiesPerStorage = 4;

    private readonly Dictionary<string, (PickleStorage Storage, ReadOnlyMemory<byte> Data)> _storages = new(StringComparer.Ordinal);
    private long _copiesLeft;

    public void Add(string name, PickleTensor tensor, TensorCollector collector)
    {
        var location = TensorCollector.Describe(name);
        var length = collector.Reserve(name, tensor.Type, tensor.Shape);
        var size = HostTensor.SizeOf(tensor.Type);
        var elements = tensor.Storage.Type is null ? tensor.Storage.Count / size : tensor.Storage.Count;
        CheckBounds(location, tensor, length / size, elements);
        if (length == 0)
        {
            collector.Add(name, tensor.Type, tensor.Shape, ReadOnlyMemory<byte>.Empty);
            return;
        }

        var data = Find(location, tensor.Storage, size);
        var offset = (int)(tensor.Offset * size);
        if (IsContiguous(tensor))
        {
            collector.Add(name, tensor.Type, tensor.Shape, data.Slice(offset, length));
            return;
        }

        _copiesLeft -= length;
        if (_copiesLeft < 0)
        {
            throw new RnnImportException(location, $"strides that need more than {CopiesPerStorage} copies of the storages", "tensors saved with .contiguous()");
        }

        var copy = new byte[length];
        Copy(tensor, data.Span, size, copy);
        collector.Add(name, tensor.Type, tensor.Shape, copy);
    }

    private static void CheckBounds(string location, PickleTensor tensor, long count, long elements)
    {
        if (tensor.Strides.Length != tensor.Shape.Length)
        {
            throw new RnnImportException(location, $"{tensor.Strides.Length} strides for {tensor.Shape.Length} dimensions", "one each");
        }

        if (tensor.Offset < 0 || tensor.Offset > elements)
        {
            throw new RnnImportException(location, $"offset {tensor.Offset} in a storage of {elements} elements", $"0 to {elements}");
        }

        if (count == 0)
        {
            return;
        }

        if (count > elements)
        {
            throw new RnnImportException(location, $"{count} elements over a storage of {elements}", "no expanded tensor; save it with .contiguous()");
        }

        // Extents are below 2^31 and there are at most 64 of them: the sum fits.
        var last = (Int128)tensor.Offset;
        for (var axis = 0; axis < tensor.Shape.Length; axis++)
        {
            if (tensor.Strides[axis] < 0)
            {
                throw new RnnImportException(location, $"a stride of {tensor.Strides[axis]}", "0 or more");
            }

            last += (Int128)(tensor.Shape[axis] - 1) * tensor.Strides[axis];
        }

        if (last >= elements)
        {
            throw new RnnImportException(location, $"a last element at {last} in a storage of {elements}", $"at most {elements - 1}");
        }
    }

    private ReadOnlyMemory<byte> Find(string location, PickleStorage storage, int size)
    {
        if (!_storages.TryGetValue(storage.Key, out var known))
        {
            known = (storage, read(storage));
            Debug.Assert(known.Data.Length == storage.Count * (storage.Type is null ? 1 : size));
            _storages.Add(storage.Key, known);
            _copiesLeft += (long)known.Data.Length * CopiesPerStorage;
        }

        return known.Storage == storage
            ? known.Data
            : throw new RnnImportException(
                location, $"storage '{TensorCollector.Shorten(storage.Key)}' once as {known.Storage.Count} of {known.Storage.Type}, once as {storage.Count} of {storage.Type}", "one dtype and size");
    }

    private static bool IsContiguous(PickleTensor tensor)
    {
        var expected = 1L;
        for (var axis = tensor.Shape.Length - 1; axis >= 0; axis--)
        {
            if (tensor.Shape[axis] != 1 && tensor.Strides[axis] != expected)
            {
                return false;
            }

            expected *= tensor.Shape[axis];
        }

        return true;
    }

    private static void Copy(PickleTensor tensor, ReadOnlySpan<byte> source, int size, Span<byte> target)
    {
        var index = new long[tensor.Shape.Length];
        var position = tensor.Offset;
        for (var written = 0; written < target.Length; written += size)
        {
            source.Slice((int)(position * size), size).CopyTo(target[written..]);
            for (var axis = index.Length - 1; axis >= 0; axis--)
            {
                position += tensor.Strides[axis];
                if (++index[axis] < tensor.Shape[axis])
                {
                    break;
                }

                position -= index[axis] * tensor.Strides[axis];
                index[axis] = 0;
            }
        }
    }
}
