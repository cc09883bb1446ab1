namespace RnnRuntime.Tests.Kernels;

/// <summary>Every recurrent cell that a variant executes.</summary>
public enum CellUnderTest
{
    Lstm,
    GruResetAfter,
    GruResetBefore,
    RnnTanh,
    RnnRelu,
    RnnIdentity,
}

public enum Precision
{
    Float32,
    Int8,
}
