using System.Text;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>The zip container of PyTorch 1.6 and later: <c>NAME/data.pkl</c> beside one entry <c>NAME/data/KEY</c> a storage.</summary>
internal sealed class PyTorchZipContainer : IDisposable
{
    private const string PickleName = "data.pkl";
    private const long MaximumPickleBytes = 256 << 20;

    private readonly BoundedZip _zip;
    private readonly RnnImportLimits _limits;
    private readonly string _prefix;

    public PyTorchZipContainer(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        _limits = limits;
        _zip = new BoundedZip(file, limits);
        try
        {
            _prefix = FindPrefix();
            CheckKind();
        }
        catch
        {
            _zip.Dispose();
            throw;
        }
    }

    public object? ReadRoot()
    {
        var bytes = _zip.Read(_prefix + PickleName, MaximumPickleBytes);
        var pickle = PickleReader.Read(bytes, _limits);
        return pickle.Length == bytes.Length ? pickle.Value : throw new RnnImportException(PickleName, $"{bytes.Length - pickle.Length} bytes after the end", "none");
    }

    public ReadOnlyMemory<byte> ReadStorage(PickleStorage storage)
    {
        var name = $"{_prefix}data/{storage.Key}";
        var expected = (Int128)storage.Count * (storage.Type is { } type ? HostTensor.SizeOf(type) : 1);
        var length = _zip.LengthOf(name);
        return length == expected
            ? _zip.Read(name, length)
            : throw new RnnImportException($"entry '{TensorCollector.Shorten(name)}'", $"{length} bytes", $"{expected} bytes for {storage.Count} of {storage.Type}");
    }

    public void Dispose() => _zip.Dispose();

    private string FindPrefix()
    {
        string? prefix = null;
        foreach (var name in _zip.Names)
        {
            if (name != PickleName && !name.EndsWith("/" + PickleName, StringComparison.Ordinal))
            {
                continue;
            }

            prefix = prefix is null ? name[..^PickleName.Length] : throw new RnnImportException("zip", "two entries data.pkl", "one");
        }

        return prefix ?? throw new RnnImportException("zip", "no entry data.pkl", "a zip file written by torch.save(model.state_dict(), path)");
    }

    private void CheckKind()
    {
        if (_zip.Contains(_prefix + "constants.pkl"))
        {
            throw new RnnImportException("zip", "a TorchScript archive (constants.pkl)", "weights alone: torch.save(model.state_dict(), path)");
        }

        var byteOrder = _prefix + "byteorder";
        if (_zip.Contains(byteOrder) && _zip.Read(byteOrder, 16) is var order && !order.AsSpan().SequenceEqual("little"u8))
        {
            throw new RnnImportException("entry byteorder", Encoding.Latin1.GetString(order), "little");
        }
    }
}
