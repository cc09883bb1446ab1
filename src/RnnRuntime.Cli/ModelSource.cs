using System.CommandLine;
using System.Reflection;

namespace RnnRuntime.Cli;

/// <summary>A model that was loaded, and where it came from.</summary>
internal sealed record ModelSource(RnnModel Model, string Name, long Bytes) : IDisposable
{
    /// <summary>The language model inside this program.</summary>
    private const string Shipped = "charlm.rnn";

    public static Option<string?> KernelOption() => new("--kernel")
    {
        Description = "Kernel variant; 'rnn kernels' lists them. Without it: RNNRUNTIME_KERNEL, or the best one that runs here.",
        HelpName = "NAME",
    };

    /// <summary>Loads a file, or without a path the model that ships.</summary>
    public static ModelSource Load(string? path, string? kernel = null)
    {
        var options = new RnnOptions { Kernel = kernel };
        if (path is null)
        {
            var data = ReadShipped();
            return new ModelSource(RnnModel.Load(data, options), Shipped, data.Length);
        }

        if (!File.Exists(path))
        {
            throw new CliException(Directory.Exists(path) ? $"{path}: a model file is expected; this is a directory" : $"{path}: there is no such file");
        }

        try
        {
            return new ModelSource(RnnModel.Load(path, options), path, new FileInfo(path).Length);
        }
        catch (RnnFormatException exception)
        {
            throw new CliException($"{path}: {exception.Message}");
        }
    }

    public void Dispose() => Model.Dispose();

    private static byte[] ReadShipped()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Shipped)
            ?? throw new CliException("this build of rnn holds no model; name a model file");
        var data = new byte[stream.Length];
        stream.ReadExactly(data);
        return data;
    }
}
