namespace RnnRuntime.Tests;

/// <summary>A directory that goes when the test does.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("rnn-tests-").FullName;

    public string this[string file] => Path.Combine(_path, file);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
