using System.CommandLine;
using System.Text.Json;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

/// <summary>The golden hash of a model under each kernel variant that can run here: one number that all of them must give.</summary>
internal static class KernelHashes
{
    public static int Run(ParseResult arguments, string? path, string? kernel, SourceOptions options, bool asJson)
    {
        using var source = ModelSource.Load(path, options.Read(arguments), kernel);
        string[] kernels = kernel is not null ? [kernel] : [.. RnnKernels.All.Where(each => each.IsAvailable).Select(each => each.Name)];
        (string Kernel, string Hash)[] hashes = [.. kernels.Select(name => (name, HashWith(source.Model.Graph, name)))];
        if (asJson)
        {
            Json.Write(writer => WriteJson(writer, source.Name, hashes));
        }
        else
        {
            var listing = new Listing($"{source.Name}: {GoldenHash.Steps} steps", "kernel", "hash");
            Array.ForEach(hashes, each => listing.Add(each.Kernel, each.Hash));
            listing.Write();
        }

        // Nobody is asked who is right: the reference has its own tests.
        return hashes.Select(each => each.Hash).Distinct().Count() == 1
            ? 0
            : throw new CliException($"the kernels do not agree on {source.Name}: {string.Join(", ", hashes.GroupBy(each => each.Hash).Select(group => string.Join(" = ", group.Select(each => each.Kernel))))}");
    }

    private static string HashWith(RnnGraph graph, string kernel)
    {
        using var model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
        return GoldenHash.Of(model);
    }

    private static void WriteJson(Utf8JsonWriter writer, string model, (string Kernel, string Hash)[] hashes)
    {
        writer.WriteString("model", model);
        writer.WriteNumber("steps", GoldenHash.Steps);
        writer.WriteStartObject("hashes");
        foreach (var (kernel, hash) in hashes)
        {
            writer.WriteString(kernel, hash);
        }

        writer.WriteEndObject();
    }
}
