using System.Buffers.Binary;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// The container of PyTorch before 1.6 (<c>_use_new_zipfile_serialization=False</c>): five pickles (magic number, protocol version, system,
/// the object, the keys of the storages), then each storage in the order of the keys as a count and its raw values.
/// </summary>
internal static class PyTorchLegacyContainer
{
    private const long ProtocolVersion = 1001;

    // 0x1950A86A20F9469CFC6C as LONG1, after the opcode of the pickle's protocol.
    private static ReadOnlySpan<byte> Magic => [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public static bool Recognises(ReadOnlySpan<byte> file) => file.Length > 2 && file[0] == 0x80 && file[2..].StartsWith(Magic);

    public static (object? Root, Func<PickleStorage, ReadOnlyMemory<byte>> Storages) Read(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        var position = 2 + Magic.Length;
        if (Next().Value is not ProtocolVersion)
        {
            throw new RnnImportException("legacy PyTorch file", "another protocol version", $"{ProtocolVersion}");
        }

        CheckSystem(Next().Value);
        var root = Next();
        if (Next().Value is not PickleList { Items: var keys })
        {
            throw new RnnImportException("legacy PyTorch file", "no list of storages", "a list of keys");
        }

        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < keys.Count; index++)
        {
            var key = keys[index] as string ?? throw new RnnImportException("legacy PyTorch file", $"a key of type {PickleCalls.Describe(keys[index])}", "a string");
            if (!positions.TryAdd(key, index))
            {
                throw new RnnImportException("legacy PyTorch file", $"storage '{TensorCollector.Shorten(key)}' twice", "every key once");
            }
        }

        var storages = LocateStorages(file, position, root.Storages, positions);
        return (root.Value, storage => storages.TryGetValue(storage.Key, out var data)
            ? data
            : throw new RnnImportException("legacy PyTorch file", $"no storage '{TensorCollector.Shorten(storage.Key)}'", "a key for every storage"));

        Pickle Next()
        {
            var pickle = PickleReader.Read(file[position..], limits);
            position += pickle.Length;
            return pickle;
        }
    }

    private static void CheckSystem(object? system)
    {
        if (system is not PickleDict { Items: var items } || !items.Any(item => item is { Key: "little_endian", Value: true }))
        {
            throw new RnnImportException("legacy PyTorch file", "a system that is not little-endian", "little_endian: True");
        }
    }

    /// <summary>The file does not say how long an element is: the tensors do, so each key must be known from one.</summary>
    private static Dictionary<string, ReadOnlyMemory<byte>> LocateStorages(
        ReadOnlyMemory<byte> file, int position, IReadOnlyList<PickleStorage> named, Dictionary<string, int> order)
    {
        var known = new PickleStorage?[order.Count];
        foreach (var storage in named)
        {
            if (order.TryGetValue(storage.Key, out var index))
            {
                known[index] ??= storage;
            }
        }

        var storages = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        for (var index = 0; index < known.Length; index++)
        {
            var storage = known[index] ?? throw new RnnImportException("legacy PyTorch file", $"storage {index}, which no tensor uses", "storages of the tensors alone");
            var location = $"storage '{TensorCollector.Shorten(storage.Key)}'";
            var size = storage.Type is { } type ? HostTensor.SizeOf(type) : 1;
            if (file.Length - position < sizeof(long))
            {
                throw new RnnImportException(location, "the end of the file", "its count");
            }

            var count = BinaryPrimitives.ReadInt64LittleEndian(file.Span[position..]);
            position += sizeof(long);
            if (count != storage.Count || count > (file.Length - position) / size)
            {
                throw new RnnImportException(location, $"{count} elements in {file.Length - position} bytes", $"{storage.Count} elements of {size} bytes");
            }

            var length = (int)count * size;
            storages.Add(storage.Key, file.Slice(position, length));
            position += length;
        }

        return position == file.Length ? storages : throw new RnnImportException("legacy PyTorch file", $"{file.Length - position} bytes after the last storage", "none");
    }
}
