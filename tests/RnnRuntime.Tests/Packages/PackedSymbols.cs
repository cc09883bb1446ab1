using System.Reflection.Metadata;
using System.Text;

namespace RnnRuntime.Tests;

/// <summary>What a portable PDB says of the sources.</summary>
internal sealed class PackedSymbols
{
    private static readonly Guid SourceLinkKind = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private static readonly Guid EmbeddedSourceKind = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    public PackedSymbols(byte[] file)
    {
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(file));
        var reader = provider.GetMetadataReader();
        Id = new Guid(reader.DebugMetadataHeader!.Id.AsSpan()[..16]);
        SourceLink = Information(EntityHandle.ModuleDefinition).Where(entry => entry.Kind == SourceLinkKind)
            .Select(entry => Encoding.UTF8.GetString(entry.Value)).SingleOrDefault();
        Documents = [.. reader.Documents.Select(handle => (
            reader.GetString(reader.GetDocument(handle).Name), Information(handle).Any(entry => entry.Kind == EmbeddedSourceKind)))];

        IEnumerable<(Guid Kind, byte[] Value)> Information(EntityHandle parent) => reader.GetCustomDebugInformation(parent)
            .Select(reader.GetCustomDebugInformation).Select(entry => (reader.GetGuid(entry.Kind), reader.GetBlobBytes(entry.Value)));
    }

    public Guid Id { get; }

    /// <summary>The source link document, or null.</summary>
    public string? SourceLink { get; }

    public (string Name, bool IsEmbedded)[] Documents { get; }
}
