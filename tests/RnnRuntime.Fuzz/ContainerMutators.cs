using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RnnRuntime.Tests;

namespace RnnRuntime.Fuzz;

/// <summary>Changes that know the container: what lies inside is changed and put back, so that a reader gets past the outer checks.</summary>
internal static class ContainerMutators
{
    public static FuzzCase Bytes(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        return chosen with { File = ByteMutator.Mutate(chosen.File, random, () => other().File) };
    }

    public static FuzzCase Json(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        return chosen with { File = JsonMutator.Mutate(chosen.File, random, () => other().File) };
    }

    /// <summary>Mostly the topology, else the weights that it is for.</summary>
    public static FuzzCase Topology(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        if (random.Next(8) == 0)
        {
            return Header(cases, random);
        }

        var topology = JsonMutator.Mutate(chosen.Options.Topology!, random, () => other().Options.Topology!);
        return chosen with { Options = chosen.Options with { Topology = topology } };
    }

    /// <summary>The JSON header of a safetensors file, its length set again, or any byte.</summary>
    public static FuzzCase Header(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        if (random.Next(3) == 0)
        {
            return chosen with { File = ByteMutator.Mutate(chosen.File, random, () => other().File) };
        }

        var (header, data) = Split(chosen.File);
        var mutant = Encoding.UTF8.GetBytes(JsonMutator.Mutate(header, random, () => Split(other().File).Header));
        var file = new byte[sizeof(long) + mutant.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, mutant.Length);
        mutant.CopyTo(file, sizeof(long));
        data.CopyTo(file, sizeof(long) + mutant.Length);
        return chosen with { File = file };
    }

    /// <summary>The graph inside a .rnn file, its header, or any byte.</summary>
    public static FuzzCase Rnn(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        switch (random.Next(6))
        {
            case 0:
                return chosen with { File = ByteMutator.Mutate(chosen.File, random, () => other().File) };
            case 1:
                return Header(cases, random);
            default:
                var file = new RnnFileText(chosen.File);
                file.GraphText = JsonMutator.Mutate(file.GraphText, random, () => new RnnFileText(other().File).GraphText);
                return chosen with { File = file.ToBytes() };
        }
    }

    /// <summary>The pickle inside a zip, or the zip.</summary>
    public static FuzzCase Zip(FuzzCase[] cases, Random random)
    {
        var (chosen, other) = Choose(cases, random);
        if (random.Next(3) == 0)
        {
            return chosen with { File = ByteMutator.Mutate(chosen.File, random, () => other().File) };
        }

        var entries = Entries(chosen.File);
        var at = entries.FindIndex(entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal));
        entries[at] = (entries[at].Name, ByteMutator.Mutate(
            entries[at].Data, random, () => Entries(other().File).First(entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal)).Data));
        if (random.Next(16) == 0)
        {
            var changed = random.Next(entries.Count);
            entries[changed] = (entries[changed].Name, ByteMutator.Mutate(entries[changed].Data, random, () => other().File));
        }

        return chosen with { File = Zip(entries, random) };
    }

    public static (FuzzCase Chosen, Func<FuzzCase> Other) Choose(FuzzCase[] cases, Random random) =>
        (cases[random.Next(cases.Length)], () => cases[random.Next(cases.Length)]);

    private static (string Header, byte[] Data) Split(byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        return (Encoding.UTF8.GetString(file, sizeof(long), length), file[(sizeof(long) + length)..]);
    }

    private static List<(string Name, byte[] Data)> Entries(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
        var entries = new List<(string, byte[])>();
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            entries.Add((entry.FullName, copy.ToArray()));
        }

        return entries;
    }

    private static byte[] Zip(List<(string Name, byte[] Data)> entries, Random random)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, data) in entries)
            {
                using var entry = zip.CreateEntry(name, random.Next(8) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }
}
